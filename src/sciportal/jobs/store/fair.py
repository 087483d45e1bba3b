"""Fair share: whose jobs come first.

Each job stands in the queue as if it had come later by a delay for each job that its share had in
the last 30 days. Who had few overtakes who had many, and nobody waits for ever, since those who
come later stand later, too.
"""

from __future__ import annotations

import sqlalchemy as sa

from sciportal.jobs.store.tables import JOBS, NUMBERED

SECOND = 1_000_000
WINDOW = 30 * 86_400 * SECOND
DELAY = 600 * SECOND
"""Microseconds for each job of the window."""
_SHARE = JOBS.c.share == sa.bindparam("share")
EARLIER = sa.select(sa.func.coalesce(sa.func.max(JOBS.c.nth), 0)).where(_SHARE, NUMBERED)
"""How many jobs a share had; deleted ones count. Told by the last, since there may be many."""
FIRST = (
    sa.select(JOBS.c.nth)
    .where(_SHARE, JOBS.c.submitted_at > sa.bindparam("after"), NUMBERED)
    .order_by(JOBS.c.submitted_at)
    .limit(1)
)
"""Which of them was the first since `after`."""


def recent(earlier: int, first: int | None) -> int:
    """How many jobs a share had in the window.

    Args:
        earlier: jobs that it had at all.
        first: which of them was the first in the window; None where there is none.
    """
    return 0 if first is None else earlier - first + 1


def priority(now: int, recent: int) -> int:
    """The priority of a job; the larger goes first.

    Args:
        now: when it is submitted, in microseconds.
        recent: jobs that the same share had in the window.
    """
    return -(now + recent * DELAY)

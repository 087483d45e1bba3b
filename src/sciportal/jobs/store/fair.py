"""Fair share: whose jobs come first.

Each job stands in the queue as if it had come later by a delay for each job that its share had in
the last 30 days. Who had few overtakes who had many, and nobody waits for ever, since those who
come later stand later, too.
"""

from __future__ import annotations

import sqlalchemy as sa

from sciportal.jobs.store.tables import JOBS

SECOND = 1_000_000
WINDOW = 30 * 86_400 * SECOND
DELAY = 600 * SECOND
"""Microseconds for each job of the window."""
RECENT = sa.select(sa.func.count()).where(
    JOBS.c.share == sa.bindparam("share"), JOBS.c.submitted_at > sa.bindparam("after")
)
"""How many jobs a share had since `after`; deleted ones count."""


def priority(now: int, recent: int) -> int:
    """The priority of a job; the larger goes first.

    Args:
        now: when it is submitted, in microseconds.
        recent: jobs that the same share had in the window.
    """
    return -(now + recent * DELAY)

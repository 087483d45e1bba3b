"""What a look at a job means for its state. Decides, and asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciportal.jobs import states
from sciportal.jobs.queue.backend import Phase, Sight
from sciportal.service.errors import NotPermittedError

if TYPE_CHECKING:
    from sciportal.jobs.states import Event

MISSING = (Phase.ABSENT, Phase.FORGOTTEN)
FORGOTTEN = "the batch system no longer knows it, and it left no exit code"


def event_of(seen: Sight | Exception, *, started: bool, gone: bool) -> Event | None:
    """What happened to a job, as far as a look at it shows.

    Args:
        seen: what the batch system says, or the error that keeps that from being known.
        started: whether the job is known to have started.
        gone: whether it was absent before, too, and long enough for that to be no accident.

    Returns:
        None where nothing happened, or nothing is known.
    """
    if isinstance(seen, NotPermittedError):
        return states.lost(f"its owner has no account there any more: {seen.found}")
    if not isinstance(seen, Sight) or seen.phase is Phase.WAITING:
        return None
    if seen.phase is Phase.RUNNING:
        return None if started else states.STARTED
    if seen.phase in MISSING:
        if not gone:
            return None
        if seen.phase is Phase.FORGOTTEN and not started:
            return states.requeued(seen.reason)
        return states.lost(seen.reason or FORGOTTEN)
    if seen.exit_code is not None:
        return states.finished(seen.exit_code, seen.reason)
    if seen.node_died:
        return states.requeued(seen.reason, node_died=True)
    return states.lost(seen.reason)

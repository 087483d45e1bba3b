"""The states of a job, and what each event makes of them."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """What a job is; the last four are final, and never change."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    COMPLETE = "COMPLETE"
    ERROR = "ERROR"
    CANCEL = "CANCEL"
    DELETE = "DELETE"

    @property
    def final(self) -> bool:
        """Whether the job has ended."""
        return self not in OPEN


OPEN = frozenset({State.PENDING, State.ACTIVE})


class Cause(StrEnum):
    """What happened to a job."""

    SUBMITTED = "submitted"
    SENT = "sent"
    """It is about to be handed to the batch system; noted first, so nobody thinks it unsent."""
    CLAIMED = "claimed"
    """A worker took it."""
    STARTED = "started"
    FINISHED = "finished"
    LOST = "lost"
    """The batch system no longer knows it, and it left no exit code."""
    REFUSED = "refused"
    """The batch system, or the account map, does not take it."""
    CANCELLED = "cancelled"
    DELETED = "deleted"
    REQUEUED = "requeued"


class Event(NamedTuple):
    """Something that happened to a job."""

    cause: Cause
    exit_code: int | None = None
    """Of a job that finished."""
    reason: str = ""
    """For people."""
    node_died: bool = False
    """Of a job that was requeued: what ran of it has ended for sure."""

    @property
    def text(self) -> str:
        """What a person reads beside the cause."""
        code = "" if self.exit_code is None else f"exit code {self.exit_code}"
        return ", ".join(filter(None, (code, self.reason)))


SENT = Event(Cause.SENT)
STARTED = Event(Cause.STARTED)
CANCELLED = Event(Cause.CANCELLED)
DELETED = Event(Cause.DELETED)


def finished(exit_code: int, reason: str = "") -> Event:
    """The script ended with `exit_code`."""
    return Event(Cause.FINISHED, exit_code, reason)


def lost(reason: str) -> Event:
    """Nobody knows what became of it."""
    return Event(Cause.LOST, reason=reason)


def refused(reason: str) -> Event:
    """It cannot be run."""
    return Event(Cause.REFUSED, reason=reason)


def requeued(reason: str, *, node_died: bool = False) -> Event:
    """It goes back to the queue, as its next attempt.

    Args:
        reason: for people.
        node_died: what ran of it has ended for sure, so it may start again though it had started.
    """
    return Event(Cause.REQUEUED, reason=reason, node_died=node_died)


_ENDS = {
    Cause.LOST: State.ERROR,
    Cause.REFUSED: State.ERROR,
    Cause.CANCELLED: State.CANCEL,
    Cause.DELETED: State.DELETE,
}


def after(state: State, event: Event, *, sent: bool = False, started: bool = False) -> State | None:
    """The state that `event` brings a job to.

    Args:
        state: the job's.
        event: what happened.
        sent: whether it had been sent before, or claimed.
        started: whether it had started before.

    Returns:
        None where the event changes nothing: it came late, or twice.
    """
    if state.final:
        return None
    match event.cause:
        case Cause.SENT:
            return State.PENDING if state is State.PENDING and not sent else None
        case Cause.CLAIMED:
            return State.ACTIVE if state is State.PENDING and not sent else None
        case Cause.STARTED:
            return None if started else State.ACTIVE
        case Cause.FINISHED:
            return State.COMPLETE if event.exit_code == 0 else State.ERROR
        case Cause.REQUEUED:
            return State.PENDING if (event.node_died or not started) and sent else None
        case _:
            return _ENDS.get(event.cause)


def meant(event: Event, wanted: State | None) -> Event:
    """The event as it counts for a job whose owner wanted it to end.

    A job that is killed says that it failed, or nothing; its owner is told what he did himself. One
    that went through all the same is complete.

    Args:
        event: what happened.
        wanted: CANCEL or DELETE; None where the owner wants nothing.
    """
    failed = event.cause in (Cause.LOST, Cause.REFUSED, Cause.REQUEUED)
    if wanted is None or not (failed or (event.cause is Cause.FINISHED and event.exit_code != 0)):
        return event
    return DELETED if wanted is State.DELETE else CANCELLED

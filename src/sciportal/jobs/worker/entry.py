"""A job as its worker has it, and what is to be done next with it: decided here, done elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from sciportal.jobs.exchange import Report
from sciportal.jobs.order import Order
from sciportal.jobs.states import Cause


class Step(Enum):
    """How far the worker has come with a job. Each is on disk before anything follows from it."""

    CLAIMED = "claimed"
    """The portal gave it to this worker."""
    READY = "ready"
    """Its files are here."""
    GRANTED = "granted"
    """The portal has noted that it starts here. From now on it runs, and runs once."""
    ENDED = "ended"
    """Its outcome stands, and the portal is to have it."""


class Seen(Enum):
    """What is to be seen of a job where it runs."""

    ABSENT = "absent"
    """It was never started."""
    RUNNING = "running"
    """Processes of it live, or it waits in the cluster's own queue."""
    ENDED = "ended"
    """It left an exit code, and nothing of it lives."""
    GONE = "gone"
    """It was started, left no exit code, and nothing of it lives."""
    DIED = "died"
    """The same, since the host that it ran on went down."""
    UNKNOWN = "unknown"
    """Nobody knows just now."""


class Wish(Enum):
    """What the portal wants, beside results."""

    NOTHING = ""
    CANCEL = "cancel"
    DROP = "drop"
    """The job is no longer this worker's; nothing of it is to be kept."""


class Deed(Enum):
    """What is to be done next."""

    WAIT = "wait"
    FETCH = "fetch"
    ANNOUNCE = "announce"
    START = "start"
    END = "end"
    CONCLUDE = "conclude"
    DELIVER = "deliver"
    FORGET = "forget"


class Entry(NamedTuple):
    """A job in the ledger."""

    order: Order
    step: Step
    wish: Wish = Wish.NOTHING
    outcome: Report | None = None
    """How it ended; there from ENDED on."""

    @property
    def key(self) -> str:
        """Job and attempt, as they name files."""
        return key(self.order.job, self.order.attempt)


def key(job: int, attempt: int) -> str:
    """The name of one attempt at a job."""
    return f"{job}.{attempt}"


def superseded(entries: Iterable[Entry]) -> list[Entry]:
    """Those of which a later attempt is here, too: the portal wants them no more.

    Args:
        entries: all that a worker has.
    """
    every = list(entries)
    last: dict[int, int] = {}
    for each in every:
        last[each.order.job] = max(each.order.attempt, last.get(each.order.job, 0))
    return [each for each in every if each.order.attempt < last[each.order.job]]


def next_deed(entry: Entry, seen: Seen) -> Deed:
    """What is to be done with a job.

    Args:
        entry: what is written down of it.
        seen: what is to be seen of it; only asked for when it was granted.
    """
    if entry.step is Step.GRANTED:
        return _running(entry, seen)
    if entry.wish is Wish.DROP:
        return Deed.FORGET
    if entry.step is Step.ENDED:
        return Deed.DELIVER
    if entry.wish is Wish.CANCEL:
        return Deed.CONCLUDE
    return Deed.FETCH if entry.step is Step.CLAIMED else Deed.ANNOUNCE


def _running(entry: Entry, seen: Seen) -> Deed:
    unwanted = entry.wish is not Wish.NOTHING
    if seen is Seen.UNKNOWN:
        return Deed.WAIT
    if seen is Seen.RUNNING:
        return Deed.END if unwanted else Deed.WAIT
    if entry.wish is Wish.DROP:
        return Deed.FORGET
    if seen is Seen.ABSENT and not unwanted:
        return Deed.START
    return Deed.CONCLUDE


def outcome(entry: Entry, seen: Seen, left: Report | None, reason: str = "") -> Report:
    """How a job ended.

    Args:
        entry: what is written down of it.
        seen: what is to be seen of it.
        left: what the job left behind, if anything.
        reason: that was written down for its end, for people.
    """
    attempt = entry.order.attempt
    if entry.step is not Step.GRANTED or seen is Seen.ABSENT:
        return Report(attempt, Cause.CANCELLED, reason="cancelled before it started")
    if left is not None:
        return left
    if entry.wish is Wish.CANCEL:
        return Report(attempt, Cause.CANCELLED, reason="cancelled")
    if seen is Seen.DIED:
        return Report(attempt, Cause.REQUEUED, reason=reason or "the host that it ran on went down")
    reason = reason or "its processes were killed, and it left no exit code"
    return Report(attempt, Cause.LOST, reason=reason)

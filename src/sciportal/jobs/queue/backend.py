"""What the keeper asks of a batch system. Another one is another file with such a class."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sciportal.jobs.order import Order
    from sciportal.service.errors import ServiceError


class Phase(Enum):
    """What a batch system does with a job."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    ABSENT = "absent"
    """It answers, and knows of no such job, which left no exit code either."""
    FORGOTTEN = "forgotten"
    """The same, and nothing of the job has ever run."""


class Sight(NamedTuple):
    """A job, as it was seen."""

    phase: Phase
    exit_code: int | None = None
    """Of a script that ended by itself."""
    reason: str = ""
    """For people, where the batch system ended the job."""
    node_died: bool = False
    """Whether it was ended by that."""


class Attempt(NamedTuple):
    """Which attempt at a job is meant, and whose directory it is in."""

    job: int
    attempt: int
    user: str
    host: str

    @classmethod
    def of(cls, order: Order) -> Attempt:
        """Of an order."""
        return cls(order.job, order.attempt, order.user, order.host)


@dataclass(frozen=True, slots=True)
class Collected:
    """What was copied of a job that ended."""

    usage: Mapping[str, Any] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    """Sentences: which files were not copied, and why."""


class Parcel(NamedTuple):
    """A job that is to be handed over."""

    order: Order
    inputs: Path
    """The directory of its input files."""


class Tail(NamedTuple):
    """A piece of a job's output."""

    size: int
    """Bytes that there are by now."""
    start: int
    data: bytes


class Backend(Protocol):
    """A batch system. `pulls` says that workers fetch its jobs, so that nothing is to be sent.

    Raises (every method):
        UnknownError: it does not answer; nothing may be concluded, and it is asked again later.
        NotPermittedError: the user has no account there, or not any more.
    """

    pulls: bool

    def send(self, parcels: Sequence[Parcel]) -> Sequence[str | ServiceError]:
        """Hand jobs over; the same attempt again gives the same job.

        Args:
            parcels: jobs of one user on one host.

        Returns:
            The batch system's own names for them, or the errors that say why one has none: unknown
            yet, or refused for good. Those at the end that have neither were not begun with.

        Raises:
            ServiceError: they are refused together, and nothing was begun with.
        """

    def look(self, orders: Sequence[Order]) -> Mapping[Attempt, Sight | Exception]:
        """See what became of jobs, with as few questions as possible.

        Args:
            orders: the jobs.

        Returns:
            What was seen, or the error that says why nothing was, of each.
        """

    def cancel(self, attempt: Attempt) -> None:
        """End a job, or see to it that it does not begin; that it ended is to be seen by `look`."""

    def withdraw(self, attempt: Attempt) -> None:
        """Keep a job that is FORGOTTEN from beginning, before it is sent anew.

        One that has begun, or that the batch system knows again, goes on; `look` tells which.
        """

    def collect(self, order: Order, into: Path) -> Collected:
        """Copy the outputs of a job that ended.

        Args:
            order: the job.
            into: an empty directory. Its files are plain ones, however hostile the job was.

        Raises:
            NotRunningError: the job's directory is gone.
        """

    def tail(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail:
        """Read what a job has written so far.

        Args:
            attempt: the job.
            stream: `stdout` or `stderr`.
            start: the first byte; negative counts from the end.
            most: bytes.
        """

    def clean(self, attempt: Attempt) -> None:
        """Remove a job's directory, if it is there."""

    def close(self) -> None:
        """Cut short what other threads ask; they, and who asks later, are told UnknownError."""

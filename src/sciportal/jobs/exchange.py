"""What a portal and its workers say to each other, as JSON, on both sides.

    POST /jobs/nextjob.json    Ask     -> {"jobs": [ORDER, ...]}
    POST /jobs/heartbeat.json  Beat    -> Pulse
    GET  /jobs/ID/inputs/FILE          -> the bytes
    POST /jobs/ID/postjob      Report, as the field `result`, then each result as a part `files`

All can be said again. A worker says that a job started before it starts it, and starts it only
after a pulse in which the job was not among the lost: what the portal has noted as started runs
here and nowhere else, and what it has not may be given to another worker once the lease is over.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from sciportal.jobs import names, script
from sciportal.jobs.states import Cause
from sciportal.jobs.strict import Table

MOST_JOBS = 10_000
"""That one worker has."""
MOST_REASON = 1000
STREAMS = (script.OUT, script.ERR)
MOST_END = 16_384
"""Bytes of what a job wrote, of each stream."""
MOST_WRITTEN = 32
"""Streams of one heartbeat."""
ENDS = (Cause.FINISHED, Cause.LOST, Cause.REFUSED, Cause.CANCELLED, Cause.REQUEUED)
"""How a worker may say that a job ended; with REQUEUED its node died."""

_ADVICE = "use the same version of sciportal on both sides"
# Of so many bytes in base64.
_MOST_TEXT = 4 * -(-MOST_END // 3)


@dataclass(frozen=True, slots=True)
class Holding:
    """A job that a worker has."""

    job: int
    attempt: int
    started: bool = False
    """Whether it is about to start, or has started."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A worker's question for jobs."""

    worker: str
    request: str
    """Its name: the same gives the same jobs."""
    room: int
    """How many jobs it takes."""
    running: tuple[int, ...] = ()
    """Those it has."""


@dataclass(frozen=True, slots=True)
class Written:
    """The end of what a running job has written so far."""

    job: int
    attempt: int
    stream: str
    """One of STREAMS."""
    size: int
    """Bytes that were written in all."""
    end: str
    """The last ones, at most MOST_END, in base64."""

    @classmethod
    def of(cls, job: int, attempt: int, stream: str, size: int, end: bytes) -> Written:
        """The same, from the bytes themselves."""
        return cls(job, attempt, stream, size, base64.b64encode(end).decode("ascii"))

    def last_bytes(self) -> bytes:
        """The last bytes themselves.

        Raises:
            ValueError: they are not in base64.
        """
        return base64.b64decode(self.end, validate=True)


@dataclass(frozen=True, slots=True)
class Beat:
    """A worker's heartbeat: all jobs that it has, so that their leases go on."""

    worker: str
    running: tuple[Holding, ...] = ()
    written: tuple[Written, ...] = ()
    """What changed since the last heartbeat; not all of it, if that is much."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The portal's answer to a heartbeat."""

    cancel: tuple[int, ...] = ()
    """Jobs to end, and to report."""
    lost: tuple[int, ...] = ()
    """Jobs that are no longer this worker's: to end, and not to report."""
    lease: float = 60.0
    """Seconds for which the others stay its own."""


@dataclass(frozen=True, slots=True)
class Report:
    """How a job ended."""

    attempt: int
    cause: Cause
    """One of ENDS."""
    exit: int | None = None
    """Of a job that finished."""
    reason: str = ""
    """For people."""
    usage: dict[str, float] = field(default_factory=dict)
    sha256: str = ""
    """The `digest` of the results; empty where there are none."""


def to_json(said: Ask | Beat | Pulse | Report) -> dict[str, Any]:
    """What is said, as a JSON object."""
    return asdict(said)


def ask(data: object) -> Ask:
    """A worker's question.

    Raises:
        UsageError: it is none.
    """
    table = Table(data, "read a worker's question for jobs", _ADVICE)
    made = Ask(
        table.text("worker", fits=names.is_worker),
        table.text("request", fits=names.is_key),
        table.number("room", least=0, most=MOST_JOBS),
        table.numbers("running", (), most=MOST_JOBS),
    )
    table.done()
    return made


def beat(data: object) -> Beat:
    """A worker's heartbeat.

    Raises:
        UsageError: it is none.
    """
    table = Table(data, "read a worker's heartbeat", _ADVICE)
    worker = table.text("worker", fits=names.is_worker)
    running = []
    for each in table.tables("running", most=MOST_JOBS):
        holding = Holding(
            each.number("job"), each.number("attempt", least=1), each.truth("started", False)
        )
        each.done()
        running.append(holding)
    written = table.tables("written", most=MOST_WRITTEN) if table.has("written") else []
    made = Beat(worker, tuple(running), tuple(map(_written, written)))
    table.done()
    return made


def _written(table: Table) -> Written:
    made = Written(
        table.number("job"),
        table.number("attempt", least=1),
        table.text("stream", fits=STREAMS.__contains__),
        table.number("size"),
        table.text("end", most=_MOST_TEXT),
    )
    table.done()
    try:
        end = made.last_bytes()
    except ValueError:
        raise table.error("the end of what a job wrote is not in base64") from None
    if len(end) > min(made.size, MOST_END):
        raise table.error("the end of what a job wrote is longer than it may be")
    return made


def pulse(data: object) -> Pulse:
    """The portal's answer to a heartbeat.

    Raises:
        UsageError: it is none.
    """
    table = Table(data, "read the portal's answer to a heartbeat", _ADVICE)
    made = Pulse(
        table.numbers("cancel", most=MOST_JOBS),
        table.numbers("lost", most=MOST_JOBS),
        table.seconds("lease", 60, least=0.1, most=86400),
    )
    table.done()
    return made


def report(data: object) -> Report:
    """How a job ended.

    Raises:
        UsageError: it is none.
    """
    table = Table(data, "read how a job ended", _ADVICE)
    cause = Cause(table.text("cause", fits=ENDS.__contains__))
    made = Report(
        table.number("attempt", least=1),
        cause,
        None if table.nothing("exit") else table.number("exit", most=255),
        table.text("reason", "", most=MOST_REASON),
        table.mapping("usage"),
        table.text("sha256", "", fits=lambda text: not text or names.is_sha256(text)),
    )
    table.done()
    if (made.exit is None) is (cause is Cause.FINISHED):
        raise table.error("a job has an exit code if it finished, and only then")
    return made


def digest(files: Iterable[tuple[str, int, str]]) -> str:
    """What results are told by: SHA-256 over a line each, `SHA256 SIZE NAME`, in order of names.

    Args:
        files: name, bytes and SHA-256 of each.
    """
    lines = (f"{sums} {size} {name}\n" for name, size, sums in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()

"""What Slurm's commands answer: read, and asked of nobody."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, Enum, NamedTuple
from sciportal.service import processes, refusal
from sciportal.service.errors import UnknownError
from sciportal.service.job import Job

if TYPE_CHECKING:
    from sciportal.service.processes import Result

FIELDS = ("%A", "%T", "%u", "%U", "%P", "%B", "%V", "%S", "%r", "%j", "%k")
"""One of squeue each, in the order of `Job`."""
# signal(7); sh(1) adds 128 to the number of the one that killed a command.
_SIGNALS, _OF_SHELL = 64, 128


class Answer(Enum):
    """What became of a submission."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not sent"
    SILENT = "silent"
    """No answer came: the job may still appear."""


class Submission(NamedTuple):
    """What sbatch said."""

    answer: Answer
    job_id: int
    message: str
    interrupted: bool = False
    """Whether somebody interrupted it, and is to be heeded now that the answer is there."""


def jobs(result: Result, mark: str, separator: str) -> list[Job]:
    """The jobs that squeue printed, oldest first.

    Args:
        result: of squeue.
        mark: before each job.
        separator: between its `FIELDS`.

    Raises:
        UnknownError: it failed, or printed something else.
    """
    if not result.ok:
        raise UnknownError("the queue", why(result), "try again when slurmctld answers")
    records = result.out.split(mark)[1:]
    try:
        jobs = [_job(record.removesuffix("\n").split(separator)) for record in records]
    except ValueError:
        found = f"squeue printed {result.out[:80]!r}"
        raise UnknownError("the queue", found, "see which squeue is installed") from None
    return sorted(jobs, key=lambda job: (job.submitted, job.id))


def _job(fields: list[str]) -> Job:
    job_id, state, user, uid, partition, node, submitted, started, reason, name, comment = fields
    return Job(
        id=int(job_id),
        raw_state=state,
        user=user,
        uid=int(uid),
        partition=partition,
        node="" if node in ("n/a", "(null)", "None assigned") else node,
        submitted=number(submitted),
        started=number(started),
        reason=reason,
        name=name,
        comment="" if comment == "(null)" else comment,
    )


def submission(result: Result) -> Submission:
    """What sbatch said."""
    if not result.ok:
        return Submission(answer(result), 0, why(result))
    job_id = number(result.out.strip().partition(";")[0], -1)
    if job_id >= 0:
        return Submission(Answer.ACCEPTED, job_id, "")
    return Submission(Answer.SILENT, 0, f"sbatch printed {result.out[:80]!r}")


def number(text: str, default: int = 0) -> int:
    """A number in decimal; else the default."""
    return int(text) if text.isascii() and text.isdigit() else default


def answer(result: Result) -> Answer:
    """What became of a request that failed."""
    if result.problem:
        return Answer.SILENT
    # What our own job_submit.lua says may name a service after any of these words.
    if refusal.OURS in result.err:
        return Answer.REFUSED
    if refusal.is_unsent(result.err):
        return Answer.NOT_SENT
    # Whatever kills it may come after Slurm has taken the job.
    is_unknown = _signal(result.code) or refusal.is_unanswered(result.err)
    return Answer.SILENT if is_unknown else Answer.REFUSED


def _signal(code: int) -> int:
    """The signal that killed a program, also if a shell around it says so; 0 for none."""
    killed = code - _OF_SHELL if code > _OF_SHELL else -code
    return killed if 0 < killed <= _SIGNALS else 0


def why(result: Result) -> str:
    """Why a command failed, in one line for people."""
    if result.problem == processes.TIMEOUT:
        return "no answer in time"
    lines = [line.strip() for line in result.err.splitlines() if line.strip()]
    killed = _signal(result.code)
    ended = f"killed by signal {killed}" if killed else f"exit status {result.code}"
    return " / ".join(lines) or ended

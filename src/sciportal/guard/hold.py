"""Who holds a port of a node, decided from what Slurm says of a job."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service.endpoint import parse_comment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sciportal.service.job import Job

# Slurm's ids have 26 bits, uids 32.
_LARGEST = 1 << 32


class Rules(NamedTuple):
    """Which jobs hold a port."""

    partitions: tuple[str, ...]
    """Partitions of services; what a job of another one writes into its comment means nothing."""
    lowest: int
    """Lowest port of services."""
    highest: int
    """Highest port of services."""


class Hold(NamedTuple):
    """A port that is an account's as long as a job runs."""

    job_id: int
    port: int
    uid: int

    @property
    def element(self) -> str:
        """The element of the set in the kernel."""
        return f"{self.port} . {self.uid}"


def of_environment(environ: Mapping[str, str], rules: Rules) -> Hold | None:
    """What the job holds that Slurm is about to start here; None for nothing.

    Args:
        environ: the SLURM_JOB_* variables of Prolog and Epilog (slurm.conf(5)).
        rules: of the site.
    """
    if environ.get("SLURM_JOB_PARTITION") not in rules.partitions:
        return None
    job_id, uid = number(environ.get("SLURM_JOB_ID")), number(environ.get("SLURM_JOB_UID"))
    if job_id is None or uid is None:
        return None
    return _hold(job_id, uid, environ.get("SLURM_JOB_COMMENT", ""), rules)


def of_queue(jobs: Iterable[Job], node: str, known: Collection[int], rules: Rules) -> list[Hold]:
    """What the jobs hold that run on a node.

    A job that has not begun is left out: its Prolog will say so. One that is ending holds its
    port until its Epilog, so it counts if its Prolog was seen and its Epilog was not.

    Args:
        jobs: the queue.
        node: Slurm's name of the node.
        known: ids of the jobs that are known to hold a port here.
        rules: of the site.
    """
    from sciportal.service.job import State

    found: list[Hold] = []
    for job in sorted(jobs, key=lambda each: each.id):
        if job.node != node or job.partition not in rules.partitions:
            continue
        runs = job.raw_state in ("RUNNING", "SUSPENDED", "RESIZING", "SIGNALING", "STOPPED")
        if not runs and not (job.state is State.STOPPING and job.id in known):
            continue
        hold = _hold(job.id, job.uid, job.comment, rules)
        if hold and not stranger(hold, found):
            found.append(hold)
    return found


def merge(before: Iterable[Hold], asked: Iterable[Hold], now: Iterable[Hold]) -> list[Hold]:
    """What is held, if jobs began and ended here while Slurm was asked.

    Args:
        before: what was known before the question.
        asked: Slurm's answer.
        now: what is known after it.
    """
    old, new = {each.job_id for each in before}, {each.job_id: each for each in now}
    ended = old - set(new)
    begun = {job_id: hold for job_id, hold in new.items() if job_id not in old}
    found = {each.job_id: each for each in asked if each.job_id not in ended}
    return sorted({**found, **begun}.values())


def stranger(hold: Hold, others: Iterable[Hold]) -> Hold | None:
    """The job of another account that has the port already, or None."""
    return next((each for each in others if each.port == hold.port and each.uid != hold.uid), None)


def is_shared(hold: Hold, others: Iterable[Hold]) -> bool:
    """Whether another job of the same account has the port, too."""
    return any(
        (each.port, each.uid) == (hold.port, hold.uid)
        for each in others
        if each.job_id != hold.job_id
    )


def number(text: str | None) -> int | None:
    """A decimal number as Slurm writes it, or None for anything else."""
    if not text or len(text) > 10 or not (text.isascii() and text.isdigit()):
        return None
    return int(text) if int(text) < _LARGEST else None


def _hold(job_id: int, uid: int, comment: str, rules: Rules) -> Hold | None:
    endpoint = parse_comment(comment)
    if endpoint is None or not rules.lowest <= endpoint.port <= rules.highest:
        return None
    return Hold(job_id, endpoint.port, uid)

"""What became of a job, from what Slurm says and what the job left. Decides, and asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciportal.jobs.queue.backend import Phase, Sight
from sciportal.service.job import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciportal.service.job import Job

# squeue(1), JOB STATE CODES; of those that end a job before its script could say so.
_REASONS = {
    "BOOT_FAIL": "its node did not start",
    "CANCELLED": "it was cancelled in the batch system",
    "DEADLINE": "it could not end before its deadline",
    "NODE_FAIL": "its node died",
    "OUT_OF_MEMORY": "it used more memory than it asked for",
    "PREEMPTED": "the batch system needed its place",
    "TIMEOUT": "it did not end within its time limit",
}
_NODE_DIED = frozenset({"BOOT_FAIL", "NODE_FAIL", "PREEMPTED"})
_WELL, _FAILED = "COMPLETED", "FAILED"
_TRIES = 3
_FORGOTTEN = "the batch system forgot it before it began"
_UNTOLD = "it ended without telling its exit code; its log may say why"


def in_queue(jobs: Sequence[Job]) -> Sight | None:
    """What the queue says of a job that is in it; None where it is not, or over.

    Args:
        jobs: those that belong to it: more where it was submitted twice, or is an array.
    """
    states = {job.state for job in jobs if not job.is_over}
    if states & {State.RUNNING, State.STOPPING}:
        return Sight(Phase.RUNNING)
    return Sight(Phase.WAITING) if states else None


def ended(
    states: Sequence[str], exit_code: int | None, reason: str, *, began: bool, attempt: int = 1
) -> Sight:
    """What became of a job that is not in the queue any more.

    Args:
        states: Slurm's, as far as it or its accounting remembers the job.
        exit_code: that the job left.
        reason: that the job left, for people.
        began: whether its program may have begun, or is not to begin.
        attempt: which one it is.
    """
    if exit_code is not None:
        return Sight(Phase.ENDED, exit_code, reason)
    # slurmctld was killed, gave the number of another job to this one, and took the end of that for
    # its end; no script of ours ends well without having begun. One that failed so may do it again.
    mistaken = {_WELL} if attempt > _TRIES else {_WELL, _FAILED}
    if not began and mistaken.issuperset(states):
        return Sight(Phase.FORGOTTEN, reason=reason or _FORGOTTEN)
    if not states:
        return Sight(Phase.ABSENT, reason=reason)
    state = next((each for each in states if each in _REASONS), states[0])
    return Sight(
        Phase.ENDED, None, reason or _REASONS.get(state, _UNTOLD), node_died=state in _NODE_DIED
    )


def code(text: str) -> int | None:
    """The exit code in a text; None where it is none."""
    form = text.isascii() and text.isdigit() and len(text) <= 3
    return int(text) if form and int(text) < 256 else None

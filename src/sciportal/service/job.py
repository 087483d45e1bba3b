"""A job of Slurm, and what it means for its service."""

from __future__ import annotations

from sciportal.light import Enum, NamedTuple
from sciportal.service.endpoint import MARK, Endpoint, parse_comment


class State(Enum):
    """What a service is doing, as far as anybody can know."""

    STOPPED = "stopped"
    """No job."""
    PENDING = "pending"
    """A job that is to run: pending, configuring, requeued or suspended."""
    RUNNING = "running"
    STOPPING = "stopping"
    """A job that is ending."""
    UNKNOWN = "unknown"
    """Slurm did not answer, or said something that we do not know."""


# squeue(1), JOB STATE CODES.
_STATES = {
    "PENDING": State.PENDING,
    "CONFIGURING": State.PENDING,
    "REQUEUED": State.PENDING,
    "REQUEUE_HOLD": State.PENDING,
    "REQUEUE_FED": State.PENDING,
    "SPECIAL_EXIT": State.PENDING,
    "RESV_DEL_HOLD": State.PENDING,
    "SUSPENDED": State.PENDING,
    "RUNNING": State.RUNNING,
    "RESIZING": State.RUNNING,
    "SIGNALING": State.RUNNING,
    "COMPLETING": State.STOPPING,
    "STAGE_OUT": State.STOPPING,
    "STOPPED": State.PENDING,
    "BOOT_FAIL": State.STOPPED,
    "CANCELLED": State.STOPPED,
    "COMPLETED": State.STOPPED,
    "DEADLINE": State.STOPPED,
    "FAILED": State.STOPPED,
    "NODE_FAIL": State.STOPPED,
    "OUT_OF_MEMORY": State.STOPPED,
    "PREEMPTED": State.STOPPED,
    "REVOKED": State.STOPPED,
    "TIMEOUT": State.STOPPED,
}


class Job(NamedTuple):
    """One job as squeue shows it."""

    id: int
    raw_state: str
    user: str
    uid: int
    partition: str
    node: str
    """The node that runs the batch script; empty before there is one."""
    submitted: int
    """Seconds since the epoch; 0 if unknown, as for `started`."""
    started: int
    reason: str
    name: str
    comment: str

    @property
    def state(self) -> State:
        """What this job means for its service; UNKNOWN for a state that we do not know."""
        return _STATES.get(self.raw_state, State.UNKNOWN)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left of the job but its record."""
        return self.state is State.STOPPED

    @property
    def is_ours(self) -> bool:
        """Whether the job carries the mark of a service."""
        return self.comment == MARK or self.endpoint is not None

    @property
    def endpoint(self) -> Endpoint | None:
        """The endpoint that the job announces."""
        return parse_comment(self.comment)

"""What happens to jobs: the one place that changes a job's state."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sciportal.jobs import states
from sciportal.jobs.errors import NoJobError
from sciportal.jobs.states import Cause, Event, State
from sciportal.jobs.store.job import Job, JobEvent, of_row
from sciportal.jobs.store.prepared import Prepared
from sciportal.jobs.store.tables import CLAIMS, EVENTS, JOBS

_LONGEST = 2000
"""Characters of a reason."""
_LOCKED = sa.select(JOBS).where(JOBS.c.id == sa.bindparam("job")).with_for_update()
_NOTE = Prepared(sa.insert(EVENTS).inline(), ("job_id", "attempt", "at", "cause", "text", "final"))
_OF_JOB = sa.select(EVENTS).where(EVENTS.c.job_id == sa.bindparam("job")).order_by(EVENTS.c.id)


def locked(connection: Connection, job_id: int) -> Job:
    """The job, which nobody else changes before this transaction ends.

    Raises:
        NoJobError: there is none.
    """
    row = connection.execute(_LOCKED, {"job": job_id}).one_or_none()
    if row is None:
        raise NoJobError(f"change job {job_id}", "there is no such job", "look at the list of jobs")
    return of_row(row)


def apply(
    connection: Connection, job: Job, event: Event, now: int, more: dict[str, Any] | None = None
) -> Job:
    """Do to a locked job what an event does to it.

    Args:
        connection: with the transaction in which it was locked.
        job: as it is.
        event: what happened.
        now: in microseconds.
        more: other columns that change with it.

    Returns:
        The job as it is then; the same where the event changes nothing.
    """
    event = states.meant(event._replace(reason=_kept(event.reason)), job.cancel_wanted)
    if job.final and event.cause is Cause.DELETED and job.deleted_at is None:
        note(connection, job, event, now, final=False)
        return change(connection, job.id, {"deleted_at": now})
    sent, started = job.sent_at is not None, job.started_at is not None
    state = states.after(job.state, event, sent=sent, started=started)
    if state is None:
        return job
    note(connection, job, event, now, final=state.final)
    if state.final or event.cause is Cause.REQUEUED:
        connection.execute(sa.delete(CLAIMS).where(CLAIMS.c.job_id == job.id))
    return change(connection, job.id, {**_values(job, state, event, now), **(more or {})})


def _values(job: Job, state: State, event: Event, now: int) -> dict[str, Any]:
    """The columns that change when an event brings a job to a state."""
    values: dict[str, Any] = {"state": state.value}
    if state.final:
        hidden = State.DELETE in (state, job.cancel_wanted)
        values |= {"ended_at": now, "exit_code": event.exit_code, "cancel_wanted": None}
        values |= {"reason": event.reason, "deleted_at": now if hidden else None}
    elif event.cause is Cause.REQUEUED:
        values |= {"attempt": job.attempt + 1, "batch_id": "", "worker": "", "reason": ""}
        values |= {"sent_at": None, "started_at": None}
    elif event.cause is Cause.STARTED:
        values |= {"started_at": now, "sent_at": job.sent_at or now, "reason": ""}
    else:
        values |= {"sent_at": now}
    return values


def change(connection: Connection, job_id: int, values: dict[str, Any]) -> Job:
    """The job with some columns changed."""
    changed = sa.update(JOBS).where(JOBS.c.id == job_id).values(values).returning(*JOBS.c)
    return of_row(connection.execute(changed).one())


def note(connection: Connection, job: Job, event: Event, now: int, *, final: bool) -> None:
    """Write down that something happened; a second end is refused by the database itself."""
    values = {"job_id": job.id, "attempt": job.attempt, "at": now, "cause": event.cause.value}
    _NOTE.execute(connection, {**values, "text": event.text, "final": final})


def _kept(reason: str) -> str:
    """A reason as every database can keep it: not long, without NUL and halves of characters."""
    return reason[:_LONGEST].replace("\0", "").encode(errors="replace").decode()


def set_batch(connection: Connection, job_id: int, at_attempt: int, batch_id: str) -> bool:
    """Note the batch system's number; False where the job ended, or is in another attempt."""
    job = locked(connection, job_id)
    if job.final or job.attempt != at_attempt:
        return False
    change(connection, job_id, {"batch_id": batch_id, "reason": ""})
    return True


def say_why(connection: Connection, job_id: int, at_attempt: int, reason: str) -> None:
    """Note why a job waits, if it does."""
    job, reason = locked(connection, job_id), _kept(reason)
    waits = job.state is State.PENDING and not job.batch_id and job.attempt == at_attempt
    if waits and job.reason != reason:
        change(connection, job.id, {"reason": reason})


def submission(job: Job) -> JobEvent:
    """What was noted of a job when it was submitted."""
    return JobEvent(0, job.id, 1, job.submitted_at, Cause.SUBMITTED, "", final=False)


def of_job(connection: Connection, job_id: int) -> list[JobEvent]:
    """What happened to a job, in order."""
    return [
        JobEvent(row.id, row.job_id, row.attempt, row.at, Cause(row.cause), row.text, row.final)
        for row in connection.execute(_OF_JOB, {"job": job_id})
    ]


def want_end(connection: Connection, job: Job, kind: State, now: int) -> Job:
    """Note that a locked job's owner wants its end; where nobody has it yet, that is its end.

    Args:
        connection: with the transaction in which it was locked.
        job: as it is.
        kind: CANCEL or DELETE, which is the stronger.
        now: in microseconds.
    """
    event = states.DELETED if kind is State.DELETE else states.CANCELLED
    if job.final or job.sent_at is None:
        return apply(connection, job, event, now)
    if job.cancel_wanted in (kind, State.DELETE):
        return job
    return change(connection, job.id, {"cancel_wanted": kind.value})

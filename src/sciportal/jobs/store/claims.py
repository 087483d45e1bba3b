"""Workers take jobs, keep them by saying so, and lose them by silence.

Silence is counted while somebody listens, and not by the clock on the wall: a clock that is set, or
a portal that was away, takes no job from a worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sciportal.jobs import states
from sciportal.jobs.settings import DISPATCH
from sciportal.jobs.states import OPEN, Cause, Event
from sciportal.jobs.store import events, jobs
from sciportal.jobs.store.engine import insert_once
from sciportal.jobs.store.job import Job, of_row
from sciportal.jobs.store.tables import CLAIMS, JOBS, REQUESTS

MOST = 1000
"""Jobs of one claim."""
_OPEN = [state.value for state in OPEN]
_SECOND = 1_000_000
# How long the same claim may be repeated.
_KEPT = 86_400 * _SECOND


class Beat(NamedTuple):
    """What a worker is told when it says what it runs."""

    lost: list[int]
    """Jobs that are not its own, or not in that attempt: it ends them, and forgets them."""
    cancel: list[int]
    """Jobs whose owners want their end."""


def claim(
    connection: Connection, worker: str, request: str, room: int, lease_seconds: float, now: int
) -> list[Job]:
    """Give a worker jobs, or again those that the same request was given.

    Args:
        connection: with the transaction.
        worker: its name.
        request: what it calls this claim.
        room: how many it takes.
        lease_seconds: how long it may be silent.
        now: in microseconds.

    Returns:
        The jobs, in order of their numbers.
    """
    # The same request made twice at once: the second waits here until the first has its jobs.
    asked = {"worker": worker, "request": request, "at": now}
    if insert_once(connection, REQUESTS, asked):
        _take(connection, worker, request, min(room, MOST), lease_seconds, now)
    own = sa.select(JOBS).join(CLAIMS, CLAIMS.c.job_id == JOBS.c.id).order_by(JOBS.c.id)
    own = own.where(CLAIMS.c.worker == worker, CLAIMS.c.request == request)
    return [of_row(row) for row in connection.execute(own)]


def _take(
    connection: Connection, worker: str, request: str, room: int, lease_seconds: float, now: int
) -> None:
    chosen = jobs.queued(DISPATCH).where(JOBS.c.host.in_(("", worker))).limit(max(room, 0))
    # What another worker is just taking is not waited for.
    for row in connection.execute(chosen.with_for_update(skip_locked=True)).all():
        event = Event(Cause.CLAIMED, reason=f"by {worker}")
        job = events.apply(connection, of_row(row), event, now, {"worker": worker})
        values = {"job_id": job.id, "worker": worker, "request": request, "attempt": job.attempt}
        lease = int(lease_seconds * _SECOND)
        connection.execute(sa.insert(CLAIMS).values(**values, lease=lease, silence=0))


def heartbeat(
    connection: Connection, worker: str, running: Mapping[int, int], lease_seconds: float
) -> Beat:
    """A worker says what it runs, and keeps it.

    Args:
        connection: with the transaction.
        worker: its name.
        running: the attempt of each job.
        lease_seconds: how long it may be silent from now on.
    """
    own = sa.select(CLAIMS.c.job_id, CLAIMS.c.attempt, JOBS.c.cancel_wanted)
    own = own.join(JOBS, JOBS.c.id == CLAIMS.c.job_id).where(CLAIMS.c.worker == worker)
    rows = {row.job_id: row for row in connection.execute(own)}
    kept = [job for job, attempt in running.items() if job in rows and rows[job].attempt == attempt]
    renewed = sa.update(CLAIMS).where(CLAIMS.c.worker == worker, CLAIMS.c.job_id.in_(kept))
    connection.execute(renewed.values(silence=0, lease=int(lease_seconds * _SECOND)))
    lost = sorted(running.keys() - kept)
    return Beat(lost, sorted(job for job in kept if rows[job].cancel_wanted))


def expire(
    connection: Connection, elapsed_seconds: float, lost_seconds: float, now: int
) -> list[Job]:
    """Count silence, and put back to the queue what silent workers had.

    Args:
        connection: with the transaction.
        elapsed_seconds: since the last call; of one that comes late, half of a lease counts.
        lost_seconds: after the end of a lease, until the node of a job that had started is taken
            for dead.
        now: in microseconds.

    Returns:
        The jobs that were put back, or that ended because their owners wanted that.
    """
    elapsed = sa.literal(int(elapsed_seconds * _SECOND), sa.BigInteger)
    half = CLAIMS.c.lease / 2
    grown = CLAIMS.c.silence + sa.case((half < elapsed, half), else_=elapsed)
    connection.execute(sa.update(CLAIMS).values(silence=sa.cast(grown, sa.BigInteger)))
    connection.execute(sa.delete(REQUESTS).where(REQUESTS.c.at < now - _KEPT))
    over = CLAIMS.c.silence - CLAIMS.c.lease
    dead = over > int(lost_seconds * _SECOND)
    silent = sa.select(JOBS).join(CLAIMS, CLAIMS.c.job_id == JOBS.c.id)
    silent = silent.where(over > 0, JOBS.c.state.in_(_OPEN))
    silent = silent.where(sa.or_(JOBS.c.started_at.is_(None), dead)).order_by(JOBS.c.id)
    return [
        _put_back(connection, of_row(row), now)
        for row in connection.execute(silent.with_for_update(of=JOBS, skip_locked=True)).all()
    ]


def _put_back(connection: Connection, job: Job, now: int) -> Job:
    died = job.started_at is not None
    reason = f"worker {job.worker} was silent for too long"
    event: Any = states.requeued(reason, node_died=died)
    return events.apply(connection, job, event, now)

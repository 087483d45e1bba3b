"""Jobs in the table: submitted, looked for, marked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sciportal.jobs import order
from sciportal.jobs.errors import QuotaError
from sciportal.jobs.states import Cause, Event, State
from sciportal.jobs.store import events, fair
from sciportal.jobs.store.job import (
    ENDED,
    SUMMARY,
    Brought,
    Job,
    JobSummary,
    Listing,
    NewJob,
    Whose,
    of_columns,
    of_row,
    summary,
)
from sciportal.jobs.store.prepared import Prepared
from sciportal.jobs.store.tables import JOBS, LEFT, OPEN

Chosen = sa.Select[Any]
_COLLECTED = [state.value for state in ENDED - {State.DELETE}]
_NOTHING = {column.name: None for column in JOBS.c if column.name != "id"}
_INSERT = Prepared(sa.insert(JOBS).returning(JOBS.c.id), _NOTHING)
_SUMMARY = [JOBS.c[column] for column in SUMMARY]
_LEFT = sa.text(f"({LEFT.text})")
_GET = sa.select(JOBS).where(JOBS.c.id == sa.bindparam("job"))
# Counted no further than matters, and not where there never were as many.
_COUNT_OPEN = sa.select(sa.func.count()).select_from(
    sa.select(JOBS.c.id)
    .where(JOBS.c.share == sa.bindparam("share"), OPEN)
    .limit(sa.bindparam("most", type_=sa.Integer))
    .subquery()
)
_EARLIER = fair.EARLIER.scalar_subquery()
_COUNTS = Prepared(
    sa.select(
        _EARLIER,
        fair.FIRST.scalar_subquery(),
        sa.case(
            (sa.bindparam("most", type_=sa.Integer) > _EARLIER, 0),
            else_=_COUNT_OPEN.scalar_subquery(),
        ),
    )
)
_BEGINNING: dict[str, Any] = {
    **dict.fromkeys(("batch_id", "worker", "reason", "results_sum"), ""),
    "state": State.PENDING.value,
    "attempt": 1,
    "points_failed": "{}",
    "usage": "{}",
}


def columns(new: NewJob) -> dict[str, Any]:
    """What a new job has in the table whatever is there: known before others have to wait."""
    return {
        **_BEGINNING,
        "owner": new.owner,
        "origin": new.origin,
        "share": new.share,
        "application": new.order.application,
        "name": new.order.name,
        "parameters": json.dumps(dict(new.parameters)),
        "order_text": order.dumps(new.order),
        "backend": new.backend,
        "host": new.order.host,
        "account": new.order.account,
    }


def insert(connection: Connection, new: Mapping[str, Any], now: int, most: int | None) -> Job:
    """A new job.

    Args:
        connection: with the transaction.
        new: its `columns`.
        now: in microseconds.
        most: jobs of its share that may be open, this one included; None for any number.

    Raises:
        QuotaError: there are as many.
    """
    counted = {"share": new["share"], "most": most or 0, "after": now - fair.WINDOW}
    earlier, first, opened = _COUNTS.execute(connection, counted).one()
    if most is not None and opened >= most:
        found = f"{most} jobs have not ended, as many as are allowed"
        raise QuotaError("submit a job", found, "wait for one to end, or cancel one")
    priority = fair.priority(now, fair.recent(earlier, first))
    values = {**_NOTHING, **new, "submitted_at": now, "priority": priority, "nth": earlier + 1}
    number = _INSERT.execute(connection, values).scalar_one()
    job = of_columns({**values, "id": number})
    events.note(connection, job, Event(Cause.SUBMITTED), now, final=False)
    return job


def alone(connection: Connection, share: str) -> None:
    """Wait for others who submit for the same share; on SQLite this transaction is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:share, 0))"), {"share": share}
        )


def get(connection: Connection, job_id: int) -> Job | None:
    """The job, also where it is hidden; None where there is none."""
    row = connection.execute(_GET, {"job": job_id}).one_or_none()
    return None if row is None else of_row(row)


def listed(connection: Connection, listing: Listing) -> list[JobSummary]:
    """The jobs of a listing, newest first."""
    chosen = _chosen(sa.select(*_SUMMARY), listing).order_by(JOBS.c.id.desc())
    return [summary(row) for row in connection.execute(chosen.limit(listing.limit))]


def counted(connection: Connection, listing: Listing) -> dict[State, int]:
    """How many jobs there are in each state of a listing; its limit does not count."""
    grouped = _chosen(sa.select(JOBS.c.state, sa.func.count()), listing).group_by(JOBS.c.state)
    return {State(state): number for state, number in connection.execute(grouped)}


def _chosen(chosen: sa.Select[Any], listing: Listing) -> sa.Select[Any]:
    chosen = chosen.where(JOBS.c.deleted_at.is_(None))
    if listing.owner is not None:
        chosen = chosen.where(JOBS.c.owner == listing.owner)
    if listing.origin is not None:
        chosen = chosen.where(JOBS.c.origin == listing.origin)
    if listing.states != frozenset(State):
        chosen = chosen.where(JOBS.c.state.in_(sorted(listing.states)))
    if listing.before is not None:
        chosen = chosen.where(JOBS.c.id < listing.before)
    return chosen


def queued(backend: str) -> Chosen:
    """Jobs that nobody has yet, the first to go first."""
    return (
        sa.select(JOBS)
        .where(OPEN, JOBS.c.backend == backend, JOBS.c.state == State.PENDING.value)
        .where(JOBS.c.cancel_wanted.is_(None), JOBS.c.batch_id == "")
        .order_by(JOBS.c.priority.desc(), JOBS.c.id)
    )


def unsent(
    connection: Connection, backend: str, limit: int, whose: Whose | None = None
) -> list[Job]:
    """Jobs of which the batch system has not said a number, the first to go first.

    Among them are those that were about to be handed over when that was cut short.
    """
    return _all(connection, _of(whose, queued(backend)).limit(limit))


def active(connection: Connection, backend: str, whose: Whose | None = None) -> list[Job]:
    """Jobs that were sent, or claimed, and have not ended, in order of their numbers."""
    return _all(connection, _of(whose, _active(backend)).order_by(JOBS.c.id))


def uncollected(
    connection: Connection, backend: str, limit: int, whose: Whose | None = None
) -> list[Job]:
    """Jobs that ended after they were sent, and whose results are not here yet."""
    return _all(connection, _of(whose, _uncollected(backend)).order_by(JOBS.c.id).limit(limit))


def unpurged(
    connection: Connection, limit: int, backend: str | None = None, whose: Whose | None = None
) -> list[Job]:
    """Deleted jobs whose files may still be here."""
    return _all(connection, _of(whose, _unpurged(backend)).order_by(JOBS.c.id).limit(limit))


def who_waits(connection: Connection, backend: str) -> set[Whose]:
    """Whose jobs are to be sent, ended, fetched or removed."""
    wanted = _active(backend).where(JOBS.c.cancel_wanted.is_not(None))
    return _owners(connection, queued(backend), wanted, _uncollected(backend), _unpurged(backend))


def who_runs(connection: Connection, backend: str) -> set[Whose]:
    """Whose jobs are `active`."""
    return _owners(connection, _active(backend))


def _active(backend: str) -> Chosen:
    return sa.select(JOBS).where(OPEN, JOBS.c.backend == backend, JOBS.c.sent_at.is_not(None))


def _uncollected(backend: str) -> Chosen:
    chosen = sa.select(JOBS).where(JOBS.c.collected_at.is_(None), JOBS.c.deleted_at.is_(None))
    chosen = chosen.where(JOBS.c.backend == backend, JOBS.c.state.in_(_COLLECTED))
    return chosen.where(JOBS.c.sent_at.is_not(None))


def _unpurged(backend: str | None) -> Chosen:
    chosen = sa.select(JOBS).where(_LEFT, JOBS.c.deleted_at.is_not(None))
    chosen = chosen.where(JOBS.c.purged_at.is_(None))
    return chosen if backend is None else chosen.where(JOBS.c.backend == backend)


def _of(whose: Whose | None, chosen: Chosen) -> Chosen:
    if whose is None:
        return chosen
    return chosen.where(JOBS.c.owner == whose.owner, JOBS.c.host == whose.host)


def _owners(connection: Connection, *chosen: Chosen) -> set[Whose]:
    each = [one.order_by(None).with_only_columns(JOBS.c.owner, JOBS.c.host) for one in chosen]
    return {Whose(*row) for row in connection.execute(sa.union(*each))}


def mark(connection: Connection, job_id: int, column: str, values: Mapping[str, Any]) -> bool:
    """Set columns of a job once.

    Args:
        connection: with the transaction.
        job_id: the job.
        column: null as long as it was not done.
        values: of all columns, that one among them.

    Returns:
        Whether this did it.
    """
    once = sa.update(JOBS).where(JOBS.c.id == job_id, JOBS.c[column].is_(None))
    return connection.execute(once.values(dict(values))).rowcount == 1


def collected(connection: Connection, job_id: int, brought: Brought, now: int) -> bool:
    """Note that a job's results are here; whether they were not before."""
    values = {
        "collected_at": now,
        "results_sum": brought.results_sum,
        "usage": json.dumps(dict(brought.usage)),
        "points_failed": json.dumps(dict(brought.points_failed)),
    }
    return mark(connection, job_id, "collected_at", values)


def _all(connection: Connection, chosen: sa.Select[Any]) -> list[Job]:
    return [of_row(row) for row in connection.execute(chosen)]

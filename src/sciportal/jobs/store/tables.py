"""The tables. Times are microseconds since 1970, UTC; documents are JSON in text."""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)
# SQLite numbers rows by itself in columns of this name alone.
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _time(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger)


def _job() -> sa.Column[int]:
    reference = sa.ForeignKey("jobs.id", ondelete="CASCADE")
    return sa.Column("job_id", _NUMBER, reference, nullable=False)


JOBS = sa.Table(
    "jobs",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
    _text("owner"),
    _text("origin"),
    _text("share"),
    _text("application"),
    _text("name"),
    _text("parameters"),
    _text("order_text"),
    _text("backend"),
    _text("host"),
    _text("account"),
    _text("state"),
    sa.Column("attempt", sa.Integer, nullable=False),
    _text("batch_id"),
    _text("worker"),
    _text("reason"),
    sa.Column("exit_code", sa.Integer),
    sa.Column("submitted_at", sa.BigInteger, nullable=False),
    _time("sent_at"),
    _time("started_at"),
    _time("ended_at"),
    _time("deleted_at"),
    _time("purged_at"),
    sa.Column("cancel_wanted", sa.Text),
    _time("collected_at"),
    _text("results_sum"),
    sa.Column("priority", sa.BigInteger, nullable=False),
    _text("points_failed"),
    _text("usage"),
    # Which one it is of its share, from 1; 0 of a program that knew of no such column.
    sa.Column("nth", sa.BigInteger, nullable=False, server_default="0"),
    # The numbers of jobs that were never kept must not be given out again: files may bear them.
    sqlite_autoincrement=True,
)
# For queries, too: SQLite uses a partial index for the same words only, and for no parameters.
OPEN = sa.text("state IN ('PENDING', 'ACTIVE')")
_SEEN = sa.text("deleted_at IS NULL")
LEFT = sa.text("collected_at IS NULL OR (deleted_at IS NOT NULL AND purged_at IS NULL)")
NUMBERED = sa.text("nth > 0")


def _part(name: str, where: sa.TextClause, *columns: str) -> sa.Index:
    indexed = [JOBS.c[column] for column in columns]
    return sa.Index(name, *indexed, sqlite_where=where, postgresql_where=where)


_part("jobs_open", OPEN, "backend", "state", "priority", "id")
_part("jobs_seen", _SEEN, "id", "state")
_part("jobs_of_owner", _SEEN, "owner", "id", "state")
_part("jobs_left", LEFT, "id")
sa.Index("jobs_of_share", JOBS.c.share, JOBS.c.submitted_at)
_part("jobs_nth_of_share", NUMBERED, "share", "nth")
_part("jobs_open_of_share", OPEN, "share")

EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
    _job(),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    _text("cause"),
    _text("text"),
    sa.Column("final", sa.Boolean, nullable=False),
)
sa.Index("events_of_job", EVENTS.c.job_id, EVENTS.c.id)
sa.Index(
    "events_one_end",
    EVENTS.c.job_id,
    unique=True,
    sqlite_where=sa.text("final"),
    postgresql_where=sa.text("final"),
)

CLAIMS = sa.Table(
    "claims",
    METADATA,
    _job(),
    _text("worker"),
    _text("request"),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("lease", sa.BigInteger, nullable=False),
    # Microseconds that somebody listened and the worker said nothing.
    sa.Column("silence", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("job_id"),
)
sa.Index("claims_of_worker", CLAIMS.c.worker, CLAIMS.c.request)

REQUESTS = sa.Table(
    "requests",
    METADATA,
    _text("worker"),
    _text("request"),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("worker", "request"),
)

IDEMPOTENCY = sa.Table(
    "idempotency",
    METADATA,
    _text("share"),
    _text("key"),
    _text("digest"),
    _job(),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("share", "key"),
)

WORKERS = sa.Table(
    "workers",
    METADATA,
    _text("name"),
    _text("token_sha256"),
    _time("seen_at"),
    sa.Column("max_jobs", sa.Integer),
    _text("address"),
    sa.PrimaryKeyConstraint("name"),
)
sa.Index("workers_of_token", WORKERS.c.token_sha256, unique=True)

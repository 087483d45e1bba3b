"""Jobs, events, claims, requests of workers, idempotency keys, workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger) for name in names]


def _figures(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _id(table: str) -> list[sa.schema.SchemaItem]:
    key = sa.PrimaryKeyConstraint("id", name=f"pk_{table}")
    return [sa.Column("id", _NUMBER, autoincrement=True, nullable=False), key]


def _job(table: str) -> list[sa.schema.SchemaItem]:
    name = f"fk_{table}_job_id"
    reference = sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=name, ondelete="CASCADE")
    return [sa.Column("job_id", _NUMBER, nullable=False), reference]


def _part(name: str, table: str, where: str, *columns: str, unique: bool = False) -> None:
    given = sa.text(where)
    op.create_index(
        name, table, list(columns), unique=unique, sqlite_where=given, postgresql_where=given
    )


def upgrade() -> None:
    """From an empty database."""
    op.create_table(
        "jobs",
        *_id("jobs"),
        *_texts("owner", "origin", "share", "application", "name", "parameters", "order_text"),
        *_texts("backend", "host", "account", "state"),
        sa.Column("attempt", sa.Integer, nullable=False),
        *_texts("batch_id", "worker", "reason"),
        sa.Column("exit_code", sa.Integer),
        *_figures("submitted_at"),
        *_times("sent_at", "started_at", "ended_at", "deleted_at", "purged_at"),
        sa.Column("cancel_wanted", sa.Text),
        *_times("collected_at"),
        *_texts("results_sum"),
        *_figures("priority"),
        *_texts("points_failed", "usage"),
        sqlite_autoincrement=True,
    )
    still_open = "state IN ('PENDING', 'ACTIVE')"
    left = "collected_at IS NULL OR (deleted_at IS NOT NULL AND purged_at IS NULL)"
    _part("jobs_open", "jobs", still_open, "backend", "state", "priority", "id")
    _part("jobs_seen", "jobs", "deleted_at IS NULL", "id", "state")
    _part("jobs_of_owner", "jobs", "deleted_at IS NULL", "owner", "id", "state")
    _part("jobs_left", "jobs", left, "id")
    op.create_index("jobs_of_share", "jobs", ["share", "submitted_at"])
    _part("jobs_open_of_share", "jobs", still_open, "share")

    op.create_table(
        "events",
        *_id("events"),
        *_job("events"),
        sa.Column("attempt", sa.Integer, nullable=False),
        *_figures("at"),
        *_texts("cause", "text"),
        sa.Column("final", sa.Boolean, nullable=False),
    )
    op.create_index("events_of_job", "events", ["job_id", "id"])
    _part("events_one_end", "events", "final", "job_id", unique=True)

    op.create_table(
        "claims",
        *_job("claims"),
        *_texts("worker", "request"),
        sa.Column("attempt", sa.Integer, nullable=False),
        *_figures("lease", "silence"),
        sa.PrimaryKeyConstraint("job_id", name="pk_claims"),
    )
    op.create_index("claims_of_worker", "claims", ["worker", "request"])
    op.create_table(
        "requests",
        *_texts("worker", "request"),
        *_figures("at"),
        sa.PrimaryKeyConstraint("worker", "request", name="pk_requests"),
    )
    op.create_table(
        "idempotency",
        *_texts("share", "key", "digest"),
        *_job("idempotency"),
        *_figures("at"),
        sa.PrimaryKeyConstraint("share", "key", name="pk_idempotency"),
    )
    op.create_table(
        "workers",
        *_texts("name", "token_sha256"),
        *_times("seen_at"),
        sa.Column("max_jobs", sa.Integer),
        *_texts("address"),
        sa.PrimaryKeyConstraint("name", name="pk_workers"),
    )
    op.create_index("workers_of_token", "workers", ["token_sha256"], unique=True)


def downgrade() -> None:
    """Back to an empty database."""
    for table in ("workers", "idempotency", "requests", "claims", "events", "jobs"):
        op.drop_table(table)

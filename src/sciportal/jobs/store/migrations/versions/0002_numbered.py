"""The number of each job among those of its share, so that nobody has to count them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBERED = sa.text(
    "UPDATE jobs SET nth = numbered.nth FROM"
    " (SELECT id, row_number() OVER (PARTITION BY share ORDER BY id) AS nth FROM jobs) AS numbered"
    " WHERE jobs.id = numbered.id"
)


def upgrade() -> None:
    """From 0001; a program of the release before may go on for a moment, and its jobs have 0."""
    op.add_column("jobs", sa.Column("nth", sa.BigInteger, nullable=False, server_default="0"))
    op.execute(_NUMBERED)
    # A part, or SQLite would take it for counting what is open, too.
    part = sa.text("nth > 0")
    op.create_index(
        "jobs_nth_of_share", "jobs", ["share", "nth"], sqlite_where=part, postgresql_where=part
    )


def downgrade() -> None:
    """Back to 0001."""
    op.drop_index("jobs_nth_of_share", "jobs")
    op.drop_column("jobs", "nth")

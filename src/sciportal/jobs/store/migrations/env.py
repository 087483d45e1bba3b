"""Alembic runs this; the connection is that of `migrate`, whose transaction holds all steps."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()

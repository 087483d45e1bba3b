"""The workers that operators declared, each known by the SHA-256 of its token."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sciportal.jobs.store.engine import insert_once
from sciportal.jobs.store.tables import WORKERS


class Worker(NamedTuple):
    """A worker."""

    name: str
    seen_at: int | None
    """When it last asked for something; microseconds."""
    max_jobs: int | None
    address: str


def declare(connection: Connection, name: str, token_sha256: str) -> None:
    """Let a worker in with a token; one that it had before is dead."""
    values = {"name": name, "token_sha256": token_sha256, "address": ""}
    if not insert_once(connection, WORKERS, values):
        changed = sa.update(WORKERS).where(WORKERS.c.name == name)
        connection.execute(changed.values(token_sha256=token_sha256))


def remove(connection: Connection, name: str) -> bool:
    """Let a worker in no longer; whether there was one."""
    return connection.execute(sa.delete(WORKERS).where(WORKERS.c.name == name)).rowcount == 1


def of_token(connection: Connection, token_sha256: str) -> str | None:
    """Whose token it is."""
    chosen = sa.select(WORKERS.c.name).where(WORKERS.c.token_sha256 == token_sha256)
    return connection.execute(chosen).scalar_one_or_none()


def seen(connection: Connection, name: str, address: str, max_jobs: int | None, now: int) -> None:
    """A worker asked for something; `max_jobs` where it said how many it runs."""
    values: dict[str, object] = {"seen_at": now, "address": address}
    if max_jobs is not None:
        values["max_jobs"] = max_jobs
    connection.execute(sa.update(WORKERS).where(WORKERS.c.name == name).values(values))


def every(connection: Connection) -> list[Worker]:
    """All of them, by name."""
    columns = (WORKERS.c.name, WORKERS.c.seen_at, WORKERS.c.max_jobs, WORKERS.c.address)
    return [Worker(*row) for row in connection.execute(sa.select(*columns).order_by(columns[0]))]

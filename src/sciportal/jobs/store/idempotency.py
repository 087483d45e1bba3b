"""Requests that are made twice because an answer was lost: the second gets the first one's job."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sciportal.jobs.errors import ConflictError
from sciportal.jobs.store import jobs
from sciportal.jobs.store.job import Job
from sciportal.jobs.store.tables import IDEMPOTENCY


def earlier_job(connection: Connection, share: str, request: tuple[str, str] | None) -> Job | None:
    """The job that an earlier request with this key made.

    Args:
        connection: with the transaction.
        share: whose key it is.
        request: the key, and the digest of what is asked for; None where there is no key.

    Raises:
        ConflictError: with this key something else was asked for.
    """
    if request is None:
        return None
    key, digest = request
    chosen = sa.select(IDEMPOTENCY.c.digest, IDEMPOTENCY.c.job_id)
    chosen = chosen.where(IDEMPOTENCY.c.share == share, IDEMPOTENCY.c.key == key)
    row = connection.execute(chosen).one_or_none()
    if row is None:
        return None
    if row.digest != digest:
        found = "this Idempotency-Key came before, with another request"
        raise ConflictError("submit a job", found, "use a new key for each new request")
    return jobs.get(connection, row.job_id)


def forget(connection: Connection, before: int) -> int:
    """Forget the keys of requests that are older; how many those were.

    Args:
        connection: with the transaction.
        before: in microseconds.
    """
    return connection.execute(sa.delete(IDEMPOTENCY).where(IDEMPOTENCY.c.at < before)).rowcount


def remember(
    connection: Connection, share: str, request: tuple[str, str], job_id: int, now: int
) -> None:
    """Note what a request made."""
    key, digest = request
    values = {"share": share, "key": key, "digest": digest, "job_id": job_id, "at": now}
    connection.execute(sa.insert(IDEMPOTENCY).values(**values))

"""Whether a database is the one whose jobs have their files in a state directory.

A job's number names its files, and another database gives the same numbers out again: it would
take the place of files that belong to other jobs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from sciportal.jobs import names
from sciportal.jobs.store import engine
from sciportal.jobs.store.tables import JOBS
from sciportal.service.errors import UsageError


def check(database: Engine, state_dir: Path) -> None:
    """Refuse a database that does not know the jobs whose files are there; nothing is changed.

    Args:
        database: with tables or without.
        state_dir: the portal's.

    Raises:
        UsageError: files are there of a job with a higher number than the database ever gave.
        AwayError: the database does not answer.
    """
    # First what is there: numbers only grow.
    there = max(_numbers(state_dir), default=0)
    last = engine.read(database, _last)
    if there > last:
        found = f"{state_dir} has files of job {there}, and the last job in the database is {last}"
        advice = "set the old database again, or move jobs and Descriptors from there to elsewhere"
        raise UsageError("use the portal's database", found, advice)


def _numbers(state_dir: Path) -> Iterator[int]:
    """Of jobs that some database kept; inputs alone may be of a submission that was cut short."""
    for path in (state_dir / "jobs").glob("*/results"):
        yield names.job_id(path.parent.name) or 0
    for path in (state_dir / "Descriptors" / "User").glob("*/job*"):
        yield names.job_id(path.name.removeprefix("job")) or 0


def _last(connection: Connection) -> int:
    if not sa.inspect(connection).has_table(JOBS.name):
        return 0
    # Rows of jobs are never deleted.
    return connection.execute(sa.select(sa.func.max(JOBS.c.id))).scalar_one() or 0

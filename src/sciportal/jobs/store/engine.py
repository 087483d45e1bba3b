"""Connections to the database, and transactions that wait, are done again or say why not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sciportal.jobs.errors import AwayError
from sciportal.jobs.store import writers
from sciportal.jobs.store.writers import Writers
from sciportal.service.errors import UsageError

T = TypeVar("T")

_BUSY_SECONDS = 20
_CONNECT_SECONDS = 5
_ATTEMPTS = 5
# serialization_failure and deadlock_detected,
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_AGAIN = frozenset({"40001", "40P01"})


def connect(url: str) -> Engine:
    """The database at `url`; it is asked nothing yet.

    Args:
        url: `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`.

    Raises:
        UsageError: it is no such URL.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        if parsed.get_backend_name() == "postgresql":
            return _postgresql(parsed)
    except (SQLAlchemyError, ValueError) as error:
        raise UsageError("open the database", str(error), _ADVICE) from error
    raise UsageError("open the database", f"{parsed.drivername} is not known", _ADVICE)


_ADVICE = "give a URL sqlite:///PATH or postgresql://USER@HOST/NAME as `database`"


def _sqlite(url: sa.URL) -> Engine:
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _opened(connection: Any, _record: object) -> None:
        # Python's module would begin transactions by itself, and too late for us.
        connection.isolation_level = None
        # WAL: who reads does not wait for who writes. NORMAL: the disk is waited for before and
        # after what is in the log goes to its place; of each commit, the writers wait for it.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            writers.patiently(connection, f"PRAGMA {pragma}", _BUSY_SECONDS)

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # A transaction that reads first and writes then would be refused without waiting.
        if connection.get_execution_options().get("writes"):
            writers.begin(_driver(connection), _BUSY_SECONDS)
        else:
            _driver(connection).execute("BEGIN")

    turns = Writers(engine.execution_options(writes=True), f"{url.database}-wal")
    return engine.execution_options(writers=turns)


def _driver(connection: Connection) -> sqlite3.Connection:
    found = connection.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found


def _postgresql(url: sa.URL) -> Engine:
    limits = f"-c lock_timeout={_BUSY_SECONDS}s -c statement_timeout={3 * _BUSY_SECONDS}s"
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "options": limits},
    )


def read(engine: Engine, action: Callable[[Connection], T]) -> T:
    """What `action` reads in one transaction.

    Raises:
        AwayError: the database does not answer.
    """
    return _transaction(engine, action)


def write(engine: Engine, action: Callable[[Connection], T]) -> T:
    """Do `action` in one transaction; again, where the database had to choose between two.

    Raises:
        AwayError: the database does not answer, or has no room.
    """
    turns: Writers | None = engine.get_execution_options().get("writers")
    if turns is None:
        return _transaction(engine, action)
    try:
        return turns.write(action)
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _away(error) from error


def _transaction(engine: Engine, action: Callable[[Connection], T]) -> T:
    left = _ATTEMPTS
    while True:
        try:
            with engine.begin() as connection:
                return action(connection)
        except DBAPIError as error:
            left -= 1
            if left and getattr(error.orig, "sqlstate", None) in _AGAIN:
                continue
            raise _away(error) from error
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise _away(error) from error


def _away(error: Exception) -> AwayError:
    said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    advice = "try again; if it lasts, see whether the database runs, is migrated and has room"
    return AwayError("ask the portal's database", said.splitlines()[0], advice)


def insert_once(connection: Connection, table: sa.Table, values: Mapping[str, object]) -> bool:
    """Insert a row; whether there was none with its key.

    On PostgreSQL this waits for another transaction that is inserting the same.
    """
    # Both databases understand the same words; SQLAlchemy has them once for each.
    names = list(values)
    words = f"{', '.join(names)}) VALUES ({', '.join(':' + name for name in names)}"
    statement = sa.text(f"INSERT INTO {table.name} ({words}) ON CONFLICT DO NOTHING")
    return connection.execute(statement, dict(values)).rowcount == 1

"""Those who write into one SQLite take turns, and who waits in one process shares a transaction.

SQLite has one writer at a time, and what it keeps has to outlive a power cut. So the actions that
came to wait meanwhile are done in one transaction, each in a savepoint, and nobody is told of his
before that is on the disk. Other processes write while the disk is waited for: what they add to the
log comes behind, and reaches the disk with it or later. So whoever writes because of what he read
is on the disk only if that is, too.

https://www.sqlite.org/pragma.html#pragma_synchronous
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

T = TypeVar("T")

# SQLite itself looks ever less often, after 0.1 s in the end: who comes then finds others first.
_LOOK_SECONDS = 0.0005


class _Wish(Generic[T]):
    """An action that waits for its turn."""

    def __init__(self, action: Callable[[Connection], T]) -> None:
        self.action = action
        self.over = False
        self.results: list[T] = []
        self.error: BaseException | None = None

    def outcome(self) -> T:
        if self.error is not None:
            raise self.error
        return self.results[0]


class Writers:
    """The writers of a process.

    Args:
        database: whose transactions write, and do not wait for the disk.
        log: path of its write-ahead log.
    """

    def __init__(self, database: Engine, log: str) -> None:
        self._database = database
        self._log = log
        self._turn = threading.Lock()
        self._waiting: deque[_Wish[Any]] = deque()

    def write(self, action: Callable[[Connection], T]) -> T:
        """Do `action` in a transaction; when this returns, what it did outlives a power cut.

        What it raises undoes what it did, and is raised here.

        Raises:
            SQLAlchemyError: the transaction could not be begun or kept, and nothing was done.
            sqlite3.Error: it was kept, and the disk failed: a power cut may undo it.
        """
        mine = _Wish(action)
        self._waiting.append(mine)
        with self._turn:
            if not mine.over:
                together = [self._waiting.popleft() for _each in range(len(self._waiting))]
                self._do(together)
        return mine.outcome()

    def _do(self, together: Sequence[_Wish[Any]]) -> None:
        try:
            with self._database.begin() as connection:
                if len(together) == 1:
                    together[0].results.append(together[0].action(connection))
                else:
                    for wish in together:
                        _try(wish, connection)
            _flush(self._log)
        except BaseException as error:  # each is told by its own thread
            for wish in together:
                wish.error = wish.error or error
        for wish in together:
            wish.over = True


def _flush(log: str) -> None:
    """Have what was kept outlive a power cut.

    Raises:
        sqlite3.OperationalError: the disk failed.
    """
    try:
        descriptor = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        # Who closed the last connection brought all of it to its place, and waited for that.
        return
    try:
        os.fdatasync(descriptor)
    except OSError as error:
        raise sqlite3.OperationalError(f"{log}: {error.strerror}") from error
    finally:
        os.close(descriptor)


def _try(wish: _Wish[Any], connection: Connection) -> None:
    """Do one of several actions, so that its failure is its own.

    Raises:
        SQLAlchemyError: SQLite has given up the transaction, as when the disk is full.
    """
    savepoint = connection.begin_nested()
    try:
        wish.results.append(wish.action(connection))
    except BaseException as error:
        savepoint.rollback()
        wish.error = error
    else:
        savepoint.commit()


def begin(connection: sqlite3.Connection, seconds: float) -> None:
    """Begin to write, as soon as no other process does.

    Args:
        connection: without a transaction.
        seconds: that it may take; the connection's own time-out then.

    Raises:
        sqlite3.OperationalError: it took longer, or something else is wrong.
    """
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        patiently(connection, "BEGIN IMMEDIATE", seconds)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


def patiently(connection: sqlite3.Connection, statement: str, seconds: float) -> None:
    """Execute a statement, again and again while somebody else is in its way.

    SQLite's own time-out does not cover each: of two that want another journal mode, one is refused
    at once, since otherwise both might wait for each other.

    Args:
        connection: it.
        statement: without a result that matters.
        seconds: that it may take.

    Raises:
        sqlite3.OperationalError: it took longer, or something else is wrong.
    """
    end = time.monotonic() + seconds
    while not _executed(connection, statement, patient=time.monotonic() < end):
        time.sleep(_LOOK_SECONDS)


def _executed(connection: sqlite3.Connection, statement: str, *, patient: bool) -> bool:
    try:
        connection.execute(statement).close()
    except sqlite3.OperationalError as error:
        if not patient or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True

"""Writers into one SQLite: they share transactions, and nobody's failure is another's."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from batch.own_slurm import wait_for
from sciportal.jobs.errors import AwayError
from sciportal.jobs.store import engine, writers
from sciportal.jobs.store.writers import Writers

Action = Callable[[Connection], Any]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    """An SQLite with one empty table."""
    made = engine.connect(f"sqlite:///{tmp_path}/numbers.sqlite")
    engine.write(made, lambda connection: connection.exec_driver_sql("CREATE TABLE t (n UNIQUE)"))
    yield made
    made.dispose()


@pytest.fixture
def kept(database: Engine) -> Iterator[list[str]]:
    """Grows with each transaction that is kept."""
    found: list[str] = []

    def note(_connection: Connection) -> None:
        found.append("kept")

    sa.event.listen(Engine, "commit", note)
    yield found
    sa.event.remove(Engine, "commit", note)


def add(number: int) -> Action:
    """Add a number."""
    return lambda connection: connection.exec_driver_sql("INSERT INTO t VALUES (?)", (number,))


def numbers(database: Engine) -> list[int]:
    """Those that are kept."""
    chosen = sa.text("SELECT n FROM t ORDER BY n")
    return engine.read(database, lambda connection: list(connection.scalars(chosen)))


def together(database: Engine, *actions: Action) -> list[Future[Any]]:
    """Do actions that came to wait for one before them, in this order."""
    turns: Writers = database.get_execution_options()["writers"]
    goes_on = threading.Event()
    with ThreadPoolExecutor(len(actions) + 1) as pool:
        pool.submit(engine.write, database, lambda _connection: goes_on.wait(60))
        wait_for(turns._turn.locked)
        wait_for(lambda: not turns._waiting)
        done = []
        for place, action in enumerate(actions, start=1):
            done.append(pool.submit(engine.write, database, action))
            wait_for(lambda place=place: len(turns._waiting) == place)
        goes_on.set()
    return done


def test_those_who_wait_share_a_transaction(database: Engine, kept: list[str]) -> None:
    done = together(database, *(add(number) for number in range(5)))
    assert [each.exception() for each in done] == [None] * 5
    assert numbers(database) == [0, 1, 2, 3, 4]
    # The one that was waited for, theirs, and that of the look at them.
    assert len(kept) == 3


def test_a_failure_undoes_what_its_own_action_did(database: Engine) -> None:
    def refused(connection: Connection) -> None:
        add(2)(connection)
        raise KeyError("mine")

    done = together(database, add(1), refused, add(1), add(3))
    assert done[0].exception() is None
    assert isinstance(done[1].exception(), KeyError)
    assert isinstance(done[2].exception(), AwayError)
    assert done[3].exception() is None
    assert numbers(database) == [1, 3]


def test_nobody_is_told_of_what_is_not_kept(database: Engine, kept: list[str]) -> None:
    def given_up(connection: Connection) -> None:
        # As SQLite does by itself where the disk is full.
        connection.exec_driver_sql("ROLLBACK")
        raise KeyError("mine")

    done = together(database, add(1), given_up, add(3))
    assert all(isinstance(each.exception(), AwayError) for each in done)
    assert numbers(database) == []
    engine.write(database, add(4))
    assert numbers(database) == [4]


def test_nobody_is_told_before_it_is_on_the_disk(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Path(f"{database.url.database}-wal").stat()
    comes, goes_on = threading.Event(), threading.Event()

    def slowly(descriptor: int) -> None:
        assert os.path.samestat(os.fstat(descriptor), log)
        comes.set()
        assert goes_on.wait(60)

    monkeypatch.setattr(os, "fdatasync", slowly)
    with (
        ThreadPoolExecutor(1) as pool,
        closing(sqlite3.connect(str(database.url.database), isolation_level=None)) as other,
    ):
        done = pool.submit(engine.write, database, add(1))
        try:
            assert comes.wait(60)
            assert not done.done()
            # Who is in another process does not wait for this one's disk.
            other.execute("INSERT INTO t VALUES (2)")
        finally:
            goes_on.set()
        assert done.result(60)
    assert numbers(database) == [1, 2]


def test_a_disk_that_fails_is_said(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", failing)
        done = together(database, add(1), add(2))
        assert all(isinstance(each.exception(), AwayError) for each in done)
    engine.write(database, add(3))


def test_another_process_is_waited_for(database: Engine) -> None:
    with closing(sqlite3.connect(str(database.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO t VALUES (1)")
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(engine.write, database, add(2))
            # SQLite itself is asked for the lock, which it refuses until then.
            wait_for(database.get_execution_options()["writers"]._turn.locked)
            other.execute("COMMIT")
            assert done.result(60)
    assert numbers(database) == [1, 2]


def test_it_is_not_waited_for_without_end(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite"
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        closing(sqlite3.connect(path, isolation_level=None)) as mine,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            writers.begin(mine, 0.01)
        assert mine.execute("PRAGMA busy_timeout").fetchone() == (10,)
        other.execute("COMMIT")
        writers.begin(mine, 0.01)
        assert mine.in_transaction

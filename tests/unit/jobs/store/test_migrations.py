"""Tables are made by migrations, and are those that the programs use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, Table, Text, inspect, text
from sqlalchemy.engine import Connection, Engine

from jobs.postgresql import Server
from jobs.samples import new_job
from sciportal.jobs.store import engine, migrations
from sciportal.jobs.store.store import Store
from sciportal.jobs.store.tables import METADATA
from sciportal.service.errors import UsageError


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/100% empty.sqlite"
    running: Server = request.getfixturevalue("postgresql")
    return running.url(running.create())


@pytest.fixture
def empty(empty_url: str, connect: Callable[[str], Engine]) -> Engine:
    """The same, opened."""
    return connect(empty_url)


def test_migrations_make_the_tables_that_are_used(empty: Engine) -> None:
    assert not migrations.is_current(empty)
    assert migrations.migrate(empty)
    assert migrations.is_current(empty)
    assert not migrations.migrate(empty)
    with empty.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    found = inspect(empty)
    for name, table in METADATA.tables.items():
        there = {index["name"] for index in found.get_indexes(name)}
        assert there == {index.name for index in table.indexes}


def test_jobs_of_the_first_tables_are_numbered(empty: Engine) -> None:
    def fill(connection: Connection) -> None:
        config = migrations._config()
        config.attributes["connection"] = connection
        upgrade(config, "0001")
        jobs = Table("jobs", MetaData(), autoload_with=connection)
        values: dict[str, Any] = {
            column.name: "" if isinstance(column.type, Text) else 0
            for column in jobs.c
            if not column.nullable and column.name != "id"
        }
        for name in ("alice", "bob", "alice", "alice"):
            connection.execute(jobs.insert().values({**values, "share": f"user {name}"}))

    engine.write(empty, fill)
    assert migrations.migrate(empty)
    with empty.connect() as connection:
        found = connection.execute(text("SELECT share, nth FROM jobs ORDER BY id")).all()
    assert found == [("user alice", 1), ("user bob", 1), ("user alice", 2), ("user alice", 3)]
    alice = Store(empty).submit(new_job())
    with empty.connect() as connection:
        chosen = text("SELECT nth FROM jobs WHERE id = :job")
        assert connection.execute(chosen, {"job": alice.id}).scalar_one() == 4


def test_two_that_migrate_at_once_do_it_once(
    empty_url: str, connect: Callable[[str], Engine]
) -> None:
    barrier = threading.Barrier(4)
    did: list[bool] = []

    def migrate() -> None:
        database = connect(empty_url)
        barrier.wait(30)
        did.append(migrations.migrate(database))

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(did) == [False, False, False, True]


def test_a_migration_that_fails_changes_nothing(
    empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upgrade_and_fail(*given: Any) -> None:
        upgrade(*given)
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("sciportal.jobs.store.migrations.command.upgrade", upgrade_and_fail)
        with pytest.raises(RuntimeError):
            migrations.migrate(empty)
    assert inspect(empty).get_table_names() == []
    assert migrations.migrate(empty)


def test_tables_of_a_newer_version_are_left_alone(empty: Engine) -> None:
    migrations.migrate(empty)
    with empty.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match="9999"):
        migrations.migrate(empty)
    assert not migrations.is_current(empty)


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://a@b/c", "sqlite"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="open the database"):
        engine.connect(url)

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
from sqlalchemy import inspect, text
from sqlalchemy.engine import Engine

from jobs.postgresql import Server
from sciportal.jobs.store import engine, migrations
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

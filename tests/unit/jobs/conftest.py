"""Confined jobs on this machine, and the store of the portal."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from batch.own_slurm import own_slurm as own_slurm
from confined.place import Place, made
from jobs.clock import Clock
from jobs.postgresql import Server, server
from jobs.samples import GREETING
from sciportal.jobs.descriptors.catalogue import Catalogue
from sciportal.jobs.settings import Settings
from sciportal.jobs.store import engine, migrations
from sciportal.jobs.store.store import Store
from sciportal.jobs.store.tables import METADATA


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """Where jobs are."""
    with made() as place:
        yield place


@pytest.fixture(scope="module")
def offered(place: Place) -> Any:
    """What this machine offers to the account."""
    return place.probe()


@pytest.fixture(params=["bubblewrap", "landlock"])
def layer(request: pytest.FixtureRequest, offered: Any) -> str:
    """Each layer."""
    name: str = request.param
    if name != "none" and not offered[name]["works"]:
        pytest.skip(f"this machine has no {name}: {offered[name]}")
    return name


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server of PostgreSQL."""
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "portal.sqlite"
    _migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_url(postgresql: Server) -> str:
    """A migrated database, in which tests leave what they did."""
    url = postgresql.url(postgresql.create())
    _migrated(url)
    return url


def _migrated(url: str) -> None:
    database = engine.connect(url)
    assert migrations.migrate(database)
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database of each kind, without jobs."""
    if request.param == "sqlite":
        path = tmp_path / "portal.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgresql_url")
    database = engine.connect(url)
    tables = ", ".join(METADATA.tables)
    # Emptied, and not made anew: that takes a fifth of a second.
    engine.write(database, lambda connection: connection.execute(text(f"TRUNCATE {tables}")))
    database.dispose()
    return url


@pytest.fixture
def connect() -> Iterator[Callable[[str], Engine]]:
    """Opens databases, which are closed after the test."""
    opened: list[Engine] = []

    def open_one(url: str) -> Engine:
        opened.append(engine.connect(url))
        return opened[-1]

    yield open_one
    for each in opened:
        each.dispose()


@pytest.fixture
def clock() -> Clock:
    """The time of the store, which passes when a test says so."""
    return Clock()


@pytest.fixture
def store(database_url: str, connect: Callable[[str], Engine], clock: Clock) -> Store:
    """A store without jobs, on each kind of database."""
    return Store(connect(database_url), clock)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with everything below one directory; the database is not made."""
    state = tmp_path / "state"
    state.mkdir()
    (tmp_path / "applications").mkdir()
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef" * 4 + "\n")
    secret.chmod(0o600)
    return Settings(
        database=f"sqlite:///{state}/portal.sqlite",
        state_dir=state,
        descriptors=(tmp_path / "applications",),
        accounts=tmp_path / "portal-accounts.toml",
        secret_file=secret,
    )


@pytest.fixture
def catalogue(settings: Settings) -> Catalogue:
    """The applications of the settings' directory: `greeting`, and what a test adds."""
    shutil.copy(GREETING, settings.descriptors[0])
    return Catalogue(settings.descriptors)

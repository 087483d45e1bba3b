"""An application of the portal with everything real: store, files, descriptors."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from jobs.clock import Clock
from jobs.socket_server import Site
from sciportal.jobs.descriptors.catalogue import Catalogue
from sciportal.jobs.files import JobFiles
from sciportal.jobs.queue.dispatch import DispatchBackend
from sciportal.jobs.settings import DISPATCH, Settings
from sciportal.jobs.store.store import Store
from sciportal.jobs.web import app as portal_app
from sciportal.jobs.web.portal import Portal
from sciportal.jobs.written import WrittenFiles


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """A migrated database without jobs; the store's own tests try both kinds."""
    path = tmp_path / "portal.sqlite"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def portal(settings: Settings, store: Store, catalogue: Catalogue) -> Portal:
    """A portal with one application, whose jobs workers pull."""
    given = replace(settings, default_backend=DISPATCH, operators=("carol",))
    files = JobFiles(given.state_dir, given.limits)
    dispatch = DispatchBackend(WrittenFiles(given.state_dir))
    return Portal(given, store, files, catalogue, b"s" * 32, {DISPATCH: dispatch})


@pytest.fixture
def changed(portal: Portal) -> Callable[..., flask.Flask]:
    """Makes the application with other settings; `limits` is a mapping."""

    def made(**more: Any) -> flask.Flask:
        limits = replace(portal.settings.limits, **more.pop("limits", {}))
        given = replace(portal.settings, limits=limits, **more)
        files = JobFiles(given.state_dir, given.limits)
        return portal_app.make(portal._replace(settings=given, files=files))

    return made


@pytest.fixture
def app(portal: Portal) -> flask.Flask:
    """The application, which believes its front end."""
    return portal_app.make(portal)


Client = Callable[..., FlaskClient]


@pytest.fixture
def client(app: flask.Flask) -> Client:
    """Makes clients of people behind the front end."""

    def made(user: str = "alice", source: str = "token", to: flask.Flask = app) -> FlaskClient:
        found = to.test_client()
        found.environ_base.update(
            REMOTE_ADDR="localhost",
            HTTP_X_FORWARDED_FOR="192.0.2.1",
            HTTP_X_SHIB_USERID=user,
            HTTP_X_IDENTITY_SOURCE=source,
        )
        return found

    return made


TOKEN = "worker-token-0123456789"  # noqa: S105  # of a store that lives for one test


@pytest.fixture
def worker(app: flask.Flask, store: Store) -> FlaskClient:
    """A client of the worker `far`."""
    import hashlib

    store.declare_worker("far", hashlib.sha256(TOKEN.encode()).hexdigest())
    found = app.test_client()
    found.environ_base.update(REMOTE_ADDR="localhost", HTTP_AUTHORIZATION=f"Bearer {TOKEN}")
    return found


@pytest.fixture
def site(changed: Callable[..., flask.Flask], clock: Clock) -> Iterator[Site]:
    """The application on a TCP socket, for anybody."""
    with Site(changed(anonymous=True, limits={"upload_bytes": 200_000})) as site:
        yield site

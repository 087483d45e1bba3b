"""What is told when something of the portal's own fails; an accepted job is never dropped."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from sciportal.jobs.errors import AwayError
from sciportal.jobs.store import engine
from sciportal.jobs.store.job import Listing
from sciportal.jobs.store.store import Store
from sciportal.jobs.web import app as portal_app
from sciportal.jobs.web import failures
from sciportal.jobs.web.portal import Portal
from sciportal.service.processes import run

Client = Callable[..., FlaskClient]
GOOD = {
    "application": "greeting",
    "parameters": {"whom": "world"},
    "files": {"a.dat": "x" * 90_000},
}


@pytest.fixture
def full(portal: Portal) -> Iterator[Path]:
    """The portal's directory on a disk of 64 kB."""
    place = portal.settings.state_dir
    path = {"PATH": os.defpath + ":/usr/sbin:/sbin"}
    argv = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(place)]
    done = run(argv, env=path, timeout=20)
    if not done.ok:
        pytest.skip(f"this machine lets nobody mount: {done.err.strip()}")
    yield place
    assert run(["umount", "-l", str(place)], env=path, timeout=20).ok


def test_a_full_disk(client: Client, store: Store, full: Path) -> None:
    answer = client().post("/jobs.json", json=GOOD)
    assert (answer.status_code, answer.mimetype) == (507, "application/problem+json")
    assert answer.json["type"] == "urn:sciportal:problem:disk-full"
    assert store.jobs(Listing()) == []
    small = {**GOOD, "files": {"a.dat": "x"}}
    assert client().post("/jobs.json", json=small).status_code == 201
    assert len(store.jobs(Listing())) == 1


def test_the_database_is_away(client: Client, portal: Portal) -> None:
    away = Store(engine.connect("postgresql://nobody@127.0.0.1:1/none"))
    app = portal_app.make(portal._replace(store=away))
    for answer in (
        client(to=app).get("/jobs.json"),
        client(to=app).post("/jobs.json", json=GOOD),
        client(to=app).get("/jobs/1/status.json"),
    ):
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
        assert int(answer.headers["Retry-After"]) > 0
        assert "nobody@" not in answer.text
    page = client(to=app).get("/jobs/1.json", headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (503, "text/html")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 507),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 507),
        (OSError(errno.EIO, "Input/output error"), 500),
        (AwayError("ask", "database or disk is full", "try"), 507),
        (AwayError("ask", "connection refused", "try"), 503),
        (KeyError("secret"), 500),
    ],
)
def test_statuses(error: Exception, status: int) -> None:
    told = failures.problem(error)
    assert told.status == status
    assert "secret" not in str(told)


def test_what_nobody_foresaw_is_told_without_its_inside(
    client: Client, app: flask.Flask, portal: Portal
) -> None:
    portal.settings.state_dir.joinpath("jobs").write_text("not a directory")
    answer = client().post("/jobs.json", json=GOOD)
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert "reference" in answer.json["found"]
    assert str(portal.settings.state_dir) not in answer.text
    assert portal.store.jobs(Listing()) == []

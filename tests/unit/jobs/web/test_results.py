"""Results are hostile: what a browser is told of them, and what cannot be reached."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from jobs.samples import new_job
from sciportal.jobs import states
from sciportal.jobs.store.job import Job
from sciportal.jobs.web.portal import Portal

Client = Callable[..., FlaskClient]
HTML = b"<script>fetch('/jobs.json')</script>"


@pytest.fixture
def results(portal: Portal, job: Job) -> Path:
    """The directory of a job's results."""
    place = portal.settings.state_dir / "jobs" / str(job.id) / "results"
    place.mkdir(parents=True)
    return place


@pytest.fixture
def job(portal: Portal) -> Job:
    """A job of alice's that ended well."""
    job = portal.store.submit(new_job("alice"))
    portal.store.apply(job.id, states.SENT)
    return portal.store.apply(job.id, states.finished(0))


@pytest.mark.parametrize(
    ("name", "media", "shown"),
    [
        ("plot.png", "image/png", True),
        ("PLOT.PNG", "image/png", True),
        ("out.txt", "text/plain", True),
        ("stdout", "application/octet-stream", False),
        ("page.html", "application/octet-stream", False),
        ("page.htm", "application/octet-stream", False),
        ("page.xhtml", "application/octet-stream", False),
        ("page.xml", "application/octet-stream", False),
        ("page.pdf", "application/octet-stream", False),
        ("page.js", "application/octet-stream", False),
        ("page.txt.html", "application/octet-stream", False),
        ("picture.svg", "image/svg+xml", True),
    ],
)
def test_what_a_browser_is_told(
    client: Client, job: Job, results: Path, name: str, media: str, shown: bool
) -> None:
    (results / name).write_bytes(HTML)
    answer = client().get(f"/jobs/{job.id}/data/{name}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.data, answer.mimetype) == (200, HTML, media)
    headers = answer.headers
    disposition = "inline" if shown else "attachment"
    assert headers["Content-Disposition"] == f"{disposition}; filename={name}"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none';")
    assert "allow-" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "private" in headers["Cache-Control"]


def test_names_with_signs_stay_in_their_header(client: Client, job: Job, results: Path) -> None:
    name = "a b,c=d@e+f.html"
    (results / name).write_bytes(HTML)
    answer = client().get(f"/jobs/{job.id}/data/{name}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize("name", ["index", "index.json", "index.html", "sub/index.html"])
def test_results_with_the_name_of_the_list_are_there(
    client: Client, job: Job, results: Path, name: str, accept: str
) -> None:
    (results / name).parent.mkdir(exist_ok=True)
    (results / name).write_bytes(HTML)
    given = {"Accept": accept}
    assert client().get(f"/jobs/{job.id}/results/{name}", headers=given).data == HTML
    page = client().get(f"/jobs/{job.id}.html").text
    assert f'href="/jobs/{job.id}/results/{name}"' in page
    index = client().get(f"/jobs/{job.id}/data/index.json").json
    assert index["files"] == [[name, len(HTML)]]


@pytest.mark.parametrize("path", ["data", "results"])
@pytest.mark.parametrize(
    "name",
    ["../inputs/x", "..%2finputs%2fx", "%2e%2e/inputs/x", "/etc/passwd", "%2fetc%2fpasswd"]
    + ["link", "pipe", "folder", "folder/link/x", ".hidden", "x%00.txt", "x%0d%0aSet-Cookie:a=b"]
    + ["a/b/c/d/e/f", "-x", "", "x" * 300, "%F0%9F%92%A9", "%ff", "..", "."],
)
def test_nothing_else_is_reached(
    client: Client, job: Job, results: Path, name: str, path: str
) -> None:
    inputs = results.parent / "inputs"
    inputs.mkdir()
    for each in (inputs / "x", results / ".hidden", results / "-x"):
        each.write_text("secret")
    (results / "link").symlink_to("/etc/passwd")
    (results / "folder").mkdir()
    (results / "folder" / "link").symlink_to(inputs)
    os.mkfifo(results / "pipe")
    answer = client().get(f"/jobs/{job.id}/{path}/{name}")
    assert answer.status_code in (308, 404)
    assert b"secret" not in answer.data
    assert b"root:" not in answer.data
    assert "Set-Cookie" not in answer.headers
    index = client().get(f"/jobs/{job.id}/data/index.json").json["files"]
    assert index == []


def test_parts_and_what_is_known_already(client: Client, job: Job, results: Path) -> None:
    (results / "out.txt").write_bytes(b"0123456789")
    path = f"/jobs/{job.id}/data/out.txt"
    whole = client().get(path)
    assert (whole.headers["Accept-Ranges"], whole.content_length) == ("bytes", 10)
    part = client().get(path, headers={"Range": "bytes=3-5"})
    assert (part.status_code, part.data) == (206, b"345")
    assert part.headers["Content-Range"] == "bytes 3-5/10"
    assert client().get(path, headers={"Range": "bytes=-2"}).data == b"89"
    beyond = client().get(path, headers={"Range": "bytes=10-"})
    assert (beyond.status_code, beyond.mimetype) == (416, "application/problem+json")
    known = client().get(path, headers={"If-None-Match": whole.headers["ETag"]})
    assert (known.status_code, known.data) == (304, b"")
    (results / "out.txt").write_bytes(b"abc")
    assert client().get(path, headers={"If-None-Match": whole.headers["ETag"]}).data == b"abc"


def test_a_log_is_read_in_pieces(client: Client, job: Job, results: Path) -> None:
    (results / "stdout").write_bytes(b"a" * 70_000 + b"\xff\xfe<b>")
    path = f"/jobs/{job.id}/log.json"
    end = client().get(path).json
    assert (end["size"], end["next"]) == (70_005, 70_005)
    assert end["text"].endswith("\ufffd\ufffd<b>")
    first = client().get(f"{path}?from=0").json
    assert (first["from"], first["next"]) == (0, 65_536)
    rest = client().get(f"{path}?from={first['next']}").json
    assert len(rest["text"]) == 70_005 - 65_536
    assert client().get(f"{path}?from=99999999").json["text"] == ""
    assert client().get(f"{path}?stream=stderr").json["size"] == 0
    for query in ("from=-1", "from=x", "stream=order.json", "stream=../stdout"):
        assert client().get(f"{path}?{query}").status_code == 400

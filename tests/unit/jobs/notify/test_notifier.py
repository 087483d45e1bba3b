"""The notifier, as jobs call it: it never fails them, and never keeps them long."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from golden.render import TEMPLATES, Case
from sciportal.jobs.notify import announcement, tokens

TOKEN = tokens.make(b"s" * 32, 17, 1)


class Site:
    """An HTTP server that notes what it is asked, and answers as it is told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.statuses: list[int] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                self.send_response(site.statuses.pop(0) if site.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_said: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/notify"


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever)
    thread.start()
    yield site
    site.server.shutdown()
    thread.join()
    site.server.server_close()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notifier as the role writes it."""
    path = tmp_path_factory.mktemp("notifier") / "sciportal-notify"
    path.write_text(Case("jobs", "notifier", TEMPLATES / "jobs" / "notifier.j2", {}).text())
    return path


@pytest.fixture(params=["curl", "wget", "neither"])
def tools(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A PATH with one of the two."""
    place = tmp_path / "bin"
    place.mkdir()
    names = ["sed", "tail", "sleep"]
    if request.param != "neither":
        names.append(request.param)
    for name in names:
        found = shutil.which(name)
        assert found, f"this machine has no {name}"
        (place / name).symlink_to(found)
    return place


def run(
    program: Path, site_url: str, *words: str, path: Path | str = os.defpath, **more: str
) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": str(path), "SCIPORTAL_LISTENER": site_url, "SCIPORTAL_TOKEN": TOKEN}
    return subprocess.run(  # the notifier has no limit but its own
        ["/bin/sh", str(program), *words],
        env={**variables, **more},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "query"),
    [
        (("started",), "event=started"),
        (("finished", "3"), "event=finished&exit=3"),
        (("?user=jkl?job=17&event=started",), "user=jkl?job=17&event=started"),
    ],
)
def test_it_says_what_happened(
    program: Path, tools: Path, site: Site, words: tuple[str, ...], query: str
) -> None:
    done = run(program, site.url, *words, path=tools)
    assert done.returncode == 0
    if not (tools / "curl").exists() and not (tools / "wget").exists():
        assert "neither curl nor wget" in done.stderr
        return
    assert site.asked == [f"/notify?token={TOKEN}&{query}"]
    assert not done.stderr
    said = announcement.parse(site.asked[0].partition("?")[2])
    assert said.token == TOKEN


def test_it_tries_again_where_the_portal_is_away(program: Path, site: Site) -> None:
    site.statuses = [503, 503]
    assert run(program, site.url, "started").returncode == 0
    assert len(site.asked) == 3


def test_it_does_not_insist_where_that_is_of_no_use(program: Path, site: Site) -> None:
    site.statuses = [410]
    done = run(program, site.url, "started")
    assert (done.returncode, len(site.asked)) == (0, 1)
    assert "410" in done.stderr


def test_nobody_there_is_no_failure(program: Path) -> None:
    began = time.monotonic()
    done = run(program, "http://127.0.0.1:1/notify", "finished", "0")
    assert done.returncode == 0
    assert "did not answer" in done.stderr
    # It tried more than once; how long it may take is in `run`.
    assert time.monotonic() - began >= 7


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ((), {}),
        (("ended",), {}),
        (("finished",), {}),
        (("finished", "1; touch x"), {}),
        (('event=started&x="\nurl = file:///etc/passwd',), {}),
        (("event=$(touch x)",), {}),
        (("started",), {"SCIPORTAL_TOKEN": 'x"\noutput = "x'}),
        (("started",), {"SCIPORTAL_TOKEN": ""}),
        (("started",), {"SCIPORTAL_LISTENER": "file:///etc/passwd"}),
        (("started",), {"SCIPORTAL_LISTENER": "-o x"}),
    ],
)
def test_bad_words_do_nothing(
    program: Path, site: Site, tmp_path: Path, words: tuple[str, ...], more: dict[str, str]
) -> None:
    done = run(program, site.url, *words, **more)
    assert done.returncode == 0
    assert done.stderr
    assert site.asked == []
    assert list(tmp_path.iterdir()) == []


def test_settings_of_the_account_do_not_matter(program: Path, site: Site, tmp_path: Path) -> None:
    (tmp_path / ".curlrc").write_text('user-agent = "mine"\nhead\n')
    home = {"HOME": str(tmp_path), "http_proxy": "http://127.0.0.1:1", "CURL_HOME": str(tmp_path)}
    assert run(program, site.url, "started", **home).returncode == 0
    assert len(site.asked) == 1

"""Outwards over HTTP: answers are bounded, nothing redirects, proxies are the environment's."""

from __future__ import annotations

import http.server
import io
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from sciportal.jobs.worker.connection import Body, Connection, DamagedError, RefusedError
from sciportal.service.errors import UnknownError, UsageError

TOKEN = "0123456789abcdef"  # noqa: S105  # of nothing


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by the last part of the path."""

    seen: ClassVar[list[tuple[str, str | None]]] = []

    def _act(self) -> None:
        Handler.seen.append((self.path, self.headers["Authorization"]))
        getattr(self, self.path.rpartition("/")[2])()

    do_GET = do_POST = _act  # noqa: N815  # the names are the library's

    def log_message(self, *_given: Any) -> None:
        """Say nothing."""

    def _say(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for each in headers:
            self.send_header(*each)
        self.end_headers()
        self.wfile.write(body)

    def object(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self._say(200, b'{"jobs": []}')

    def page(self) -> None:
        self._say(200, b"<html>sign in</html>")

    def redirect(self) -> None:
        self._say(302, b"", ("Location", f"http://127.0.0.1:{self.server.server_port}/object"))  # type: ignore[attr-defined]

    def problem(self) -> None:
        self._say(409, b'{"detail": "it is not yours"}')

    def away(self) -> None:
        self._say(503, b"")

    def short(self) -> None:
        self._say(200, b"x" * 10, ("Content-Length", "20"))

    def file(self) -> None:
        self._say(200, b"x" * 20)

    def endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            try:
                self.wfile.write(b"x" * 65536)
            except OSError:
                return

    def silence(self) -> None:
        threading.Event().wait(3)

    def large(self) -> None:
        # Answers before the request was read, and closes.
        self._say(413, b'{"detail": "too large"}')


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made.server_port
    made.shutdown()
    made.server_close()


@pytest.fixture
def way(server: int, monkeypatch: pytest.MonkeyPatch) -> Connection:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    Handler.seen.clear()
    return Connection(f"http://127.0.0.1:{server}", TOKEN, "", 1)


def test_an_object_is_had(way: Connection) -> None:
    assert way.ask("/object", {"a": 1}) == {"jobs": []}
    assert Handler.seen == [("/object", f"Bearer {TOKEN}")]


@pytest.mark.parametrize("path", ["/page", "/away", "/silence"])
def test_what_is_no_answer_says_nothing(way: Connection, path: str) -> None:
    with pytest.raises(UnknownError):
        way.ask(path, {})


def test_the_token_goes_nowhere_else(way: Connection) -> None:
    with pytest.raises(RefusedError, match="302"):
        way.ask("/redirect", {})
    assert [path for path, _token in Handler.seen] == ["/redirect"]


def test_a_refusal_says_why(way: Connection) -> None:
    with pytest.raises(RefusedError, match="409: it is not yours"):
        way.ask("/problem", {})


def test_a_large_request_that_is_not_read_gets_its_answer(way: Connection) -> None:
    size = 50_000_000
    body = Body("application/octet-stream", size, (bytes(65536) for _ in range(size // 65536 + 1)))
    with pytest.raises((RefusedError, UnknownError)) as caught:
        way.send("/large", body)
    # A reset of the connection may be faster than the answer; then it is asked again.
    assert "413" in str(caught.value) or "no answer" in str(caught.value)


def test_an_answer_has_an_end(way: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sciportal.jobs.worker.connection._ANSWER_BYTES", 1 << 20)
    with pytest.raises(UnknownError, match="did not end"):
        way.ask("/endless", {})


@pytest.mark.parametrize(("path", "size"), [("/file", 19), ("/file", 21), ("/endless", 100)])
def test_a_file_has_the_size_that_it_should(way: Connection, path: str, size: int) -> None:
    into = io.BytesIO()
    with pytest.raises(DamagedError):
        way.fetch(path, into, size)
    assert len(into.getvalue()) <= size


def test_a_file_that_breaks_off_is_asked_for_again(way: Connection) -> None:
    with pytest.raises((UnknownError, DamagedError)):
        way.fetch("/short", io.BytesIO(), 20)


def test_a_proxy_of_the_environment_is_used(
    server: int, monkeypatch: pytest.MonkeyPatch, way: Connection
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server}")
    monkeypatch.delenv("no_proxy", raising=False)
    through = Connection("http://portal.invalid", TOKEN, "", 1)
    assert through.ask("/object", {}) == {"jobs": []}
    assert Handler.seen[-1][0] == "http://portal.invalid/object"


def test_nobody_there_says_nothing() -> None:
    with pytest.raises(UnknownError, match="no answer"):
        Connection("http://127.0.0.1:1", TOKEN, "", 1).ask("/object", {})


def test_authorities_that_cannot_be_read_are_named() -> None:
    with pytest.raises(UsageError, match=r"/nowhere/ca\.pem"):
        Connection("https://127.0.0.1:1", TOKEN, "/nowhere/ca.pem", 1)

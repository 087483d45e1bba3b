"""Uploads that are too long are refused before they are read, over a real socket."""

from __future__ import annotations

import json
import socket
import tracemalloc
from collections.abc import Callable
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from jobs.socket_server import Site
from sciportal.jobs.store.job import Listing
from sciportal.jobs.store.store import Store

GIGABYTES = 2 * 1024**3
PART = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.dat"\r\n\r\n'


def answered(site: Site, head: bytes) -> int:
    """The status of an answer to the head of a request."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=60) as connection:
        connection.sendall(head)
        return int(connection.recv(4096).split()[1])


def head(media: str, *more: str) -> bytes:
    lines = ["POST /jobs.json HTTP/1.1", "Host: here", f"Content-Type: {media}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_two_gigabytes_are_refused_by_their_length(site: Site, store: Store) -> None:
    for media in ("multipart/form-data; boundary=b", "application/json"):
        # Nothing of it was sent.
        assert answered(site, head(media, f"Content-Length: {GIGABYTES}")) == 413
    assert store.jobs(Listing()) == []


class Endless:
    """A body of 2 GB that is made while it is read."""

    def __init__(self, start: bytes) -> None:
        self.read_so_far = 0
        self._start = start

    def read(self, size: int = -1) -> bytes:
        size = min(1 << 16 if size < 0 else size, GIGABYTES - self.read_so_far)
        data = (self._start + b"x" * size)[:size]
        self._start = self._start[size:]
        self.read_so_far += len(data)
        return data

    def readinto(self, buffer: bytearray) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@pytest.mark.parametrize(
    ("media", "start"), [("multipart/form-data; boundary=b", PART), ("application/json", b"[")]
)
def test_one_of_unknown_length_is_stopped_at_the_bound(
    changed: Callable[..., flask.Flask], store: Store, media: str, start: bytes
) -> None:
    visitor = changed(anonymous=True, limits={"upload_bytes": 200_000}).test_client()
    body = Endless(start)
    asked: dict[str, Any] = {
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "REMOTE_ADDR": "192.0.2.1",
    }
    answer = visitor.post("/jobs.json", content_type=media, environ_overrides=asked)
    assert answer.status_code == 413
    assert body.read_so_far < 2_000_000
    assert store.jobs(Listing()) == []


def test_what_is_within_the_bound_is_taken(site: Site, store: Store) -> None:
    said = {
        "application": "greeting",
        "parameters": {"whom": "me"},
        "files": {"a.dat": "x" * 190_000},
    }
    headers = {"Content-Type": "application/json"}
    status, body = site.ask("POST", "/jobs.json", json.dumps(said), headers)
    assert status == 201, body
    said["files"] = {"a.dat": "x" * 150_000, "b.dat": "x" * 60_000}
    status, body = site.ask("POST", "/jobs.json", json.dumps(said), headers)
    assert status == 413
    assert len(store.jobs(Listing())) == 1


def test_a_body_that_does_not_come_is_no_job(site: Site, store: Store) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=60) as connection:
        connection.sendall(head("application/json", "Content-Length: 1000") + b'{"application"')
    assert site.ask("GET", "/jobs.json")[0] == 200
    assert store.jobs(Listing()) == []


def test_headers_cannot_be_split(site: Site) -> None:
    status, body = site.ask("GET", "/jobs.json%0d%0aX-Evil:%201")
    assert status == 404
    assert json.loads(body)["status"] == 404


GREETS = {"application": "greeting", "parameters": {"whom": "me"}}


@pytest.mark.parametrize("value", ["{}", "[]", "0", '""'])
def test_a_small_body_that_would_become_a_large_one_is_refused(
    client: Callable[..., FlaskClient], store: Store, value: str
) -> None:
    many = f"[{','.join([value] * 200_000)}]"
    for body in (many, json.dumps({**GREETS, "name": 0}).replace("0", many)):
        tracemalloc.start()
        answer = client().post("/jobs.json", data=body, content_type="application/json")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert answer.status_code == 400
        assert "more than 100000 values" in answer.json["found"]
        assert most < 6 * len(body)
    assert store.jobs(Listing()) == []


def test_so_are_parameters_in_a_form(client: Callable[..., FlaskClient], store: Store) -> None:
    form = {"application": "greeting", "parameters": f"[{'{},' * 150_000}{{}}]"}
    answer = client().post("/jobs.json", data=form, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert "more than 100000 values" in answer.json["found"]
    assert store.jobs(Listing()) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_what_was_not_measured_is_not_read(
    client: Callable[..., FlaskClient], store: Store, encoding: str
) -> None:
    # To one that reads UTF-8 the quotation mark stands open, and hides what follows.
    body = json.dumps({**GREETS, "name": '"' + "," * 100}).encode(encoding)
    answer = client().post("/jobs.json", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert store.jobs(Listing()) == []


def test_a_file_full_of_commas_is_a_file(site: Site, store: Store) -> None:
    said = {**GREETS, "files": {"a.dat": ',[{"' * 30_000}}
    headers = {"Content-Type": "application/json"}
    status, body = site.ask("POST", "/jobs.json", json.dumps(said), headers)
    assert status == 201, body

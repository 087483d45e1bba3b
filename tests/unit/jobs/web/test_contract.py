"""Bumps's own HTTP contract, by a client that knows nothing else, over a real socket.

What it sends and expects: every answer it accepts has status 200; lists of jobs are lists of
numbers; a submission is an object with a service; a worker asks with its queue's name, gets one
request or none, and posts `results` and parts named `file` as a form.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from jobs.socket_server import Site
from sciportal.jobs.store.store import Store

TOKEN = "token-of-a-queue-0123456789"  # noqa: S105  # of a store that lives for one test


class Client:
    """Bumps's routes."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def _ok(self, method: str, path: str, body: Any = None, headers: Any = None) -> Any:
        status, said = self._site.ask(method, path, body, headers)
        assert status == 200, said
        return json.loads(said)

    def jobs(self, status: str | None = None) -> list[int]:
        path = "/jobs.json" if status is None else f"/jobs/{status.lower()}.json"
        found: list[int] = self._ok("GET", path)["jobs"]
        return found

    def submit(self, job: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        made: dict[str, Any] = self._ok("POST", "/jobs.json", json.dumps(job), headers)
        return made

    def of(self, job: int, what: str = "") -> dict[str, Any]:
        found: dict[str, Any] = self._ok("GET", f"/jobs/{job}{what}.json")
        return found

    def stop(self, job: int) -> dict[str, Any]:
        said: dict[str, Any] = self._ok("POST", f"/jobs/{job}?action=stop")
        return said

    def delete(self, job: int) -> list[int]:
        left: list[int] = self._ok("DELETE", f"/jobs/{job}.json")["jobs"]
        return left

    def next_job(self, queue: str) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
        body = json.dumps({"queue": queue})
        given: dict[str, Any] = self._ok("POST", "/jobs/nextjob.json", body, headers)
        return given

    def post_job(self, queue: str, job: int, results: Any, files: dict[str, bytes]) -> None:
        fields = {"queue": queue, "results": json.dumps(results)}
        body = b"".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        )
        for name, data in files.items():
            head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            body += head.encode() + b"Content-Type: text/plain\r\n\r\n" + data + b"\r\n"
        headers = {
            "Content-Type": "multipart/form-data; boundary=b",
            "Authorization": f"Bearer {TOKEN}",
        }
        self._ok("POST", f"/jobs/{job}/postjob", body + b"--b--\r\n", headers)

    def file(self, job: int, name: str) -> bytes:
        status, data = self._site.ask("GET", f"/jobs/{job}/data/{name}")
        assert status == 200
        return data


@pytest.fixture
def bumps(site: Site, store: Store) -> Client:
    """The client, and a worker of the queue `reflectometry`."""
    store.declare_worker("reflectometry", hashlib.sha256(TOKEN.encode()).hexdigest())
    return Client(site)


FIT = {
    "service": "greeting",
    "version": "0.7.11",
    "notify": "me@example.org",
    "name": "my fit",
    "data": {"parameters": {"whom": "world", "times": 2}, "files": {"card.txt": "good day"}},
}


def test_a_job_from_one_end_to_the_other(bumps: Client) -> None:
    assert bumps.jobs() == []
    made = bumps.submit(FIT)
    job = made["id"]
    assert (made["job"]["name"], made["job"]["service"]) == ("my fit", "greeting")
    assert bumps.of(job) == made
    assert bumps.jobs() == bumps.jobs("PENDING") == [job]
    assert bumps.of(job, "/status")["status"] == "PENDING"
    assert bumps.of(job, "/results") == {"id": job, "status": "PENDING"}

    given = bumps.next_job("reflectometry")
    assert given["id"] == job
    assert "echo hello world" in given["request"]["script"]
    assert bumps.next_job("reflectometry") == {"request": None}
    assert (bumps.jobs("ACTIVE"), bumps.jobs("PENDING")) == ([job], [])
    assert bumps.of(job, "/status")["status"] == "ACTIVE"

    results = {"status": "COMPLETE", "result": {"chisq": 1.5}}
    files = {"out.txt": b"hello\n", "stdout": b"said\n"}
    bumps.post_job("reflectometry", job, results, files)
    # The answer may have been lost: it is posted again.
    bumps.post_job("reflectometry", job, results, files)
    assert bumps.jobs("COMPLETE") == [job]
    gave = bumps.of(job, "/results")
    assert (gave["status"], gave["result"]["files"]) == (
        "COMPLETE",
        [["out.txt", 6], ["stdout", 5]],
    )
    assert bumps.of(job, "/data/index") == {"id": job, "files": [["out.txt", 6], ["stdout", 5]]}
    assert bumps.file(job, "out.txt") == b"hello\n"
    assert bumps.delete(job) == []
    assert bumps.jobs() == []


def test_a_job_that_fails(bumps: Client) -> None:
    job = bumps.submit({**FIT, "name": "x", "data": {"parameters": {"whom": "me"}}})["id"]
    bumps.next_job("reflectometry")
    results = {"status": "ERROR", "error": "ValueError: no data", "trace": "line 1"}
    bumps.post_job("reflectometry", job, results, {"stderr": b"line 1\n"})
    assert bumps.jobs("ERROR") == [job]
    said = bumps.of(job, "/results")
    assert (said["status"], said["error"]) == ("ERROR", "ValueError: no data")
    assert said["trace"] == "line 1\n"


def test_a_job_is_stopped(bumps: Client) -> None:
    waiting = bumps.submit(FIT)["id"]
    assert bumps.stop(waiting)["status"] == "CANCEL"
    running = bumps.submit(FIT)["id"]
    assert bumps.next_job("reflectometry")["id"] == running
    assert bumps.stop(running)["status"] == "ACTIVE"
    bumps.post_job("reflectometry", running, {"status": "CANCEL", "message": "x"}, {})
    assert bumps.of(running, "/status")["status"] == "CANCEL"
    assert bumps.of(running, "/results") == {"id": running, "status": "CANCEL"}
    assert bumps.jobs("ERROR") == []


def test_priority_goes_to_who_had_less(bumps: Client) -> None:
    first, second = bumps.submit(FIT)["id"], bumps.submit(FIT)["id"]
    assert bumps.next_job("reflectometry")["id"] == first
    assert bumps.next_job("reflectometry")["id"] == second

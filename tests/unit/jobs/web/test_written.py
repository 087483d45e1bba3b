"""What a job of another cluster writes is seen while it runs, and told by its own worker alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from jobs.reports import beat, report, submitted, take
from sciportal.jobs import exchange, states
from sciportal.jobs.exchange import MOST_END, MOST_WRITTEN, Beat, Holding, Report, Written
from sciportal.jobs.queue.backend import Attempt, Tail
from sciportal.jobs.states import State
from sciportal.jobs.store.job import Job
from sciportal.jobs.store.store import Store
from sciportal.jobs.web.portal import Portal
from sciportal.jobs.written import WrittenFiles

Client = Callable[..., FlaskClient]


@pytest.fixture
def job(worker: FlaskClient, store: Store) -> Job:
    """A job of alice's that runs at the worker `far`."""
    job = submitted(store)
    take(worker)
    beat(worker, Holding(job.id, 1, started=True))
    return job


def tell(worker: FlaskClient, job: Job, end: bytes, size: int = 0, attempt: int = 1) -> None:
    said = Written.of(job.id, attempt, "stdout", size or len(end), end)
    beat(worker, Holding(job.id, attempt, started=True), written=(said,))


def log(client: Client, job: Job, **query: Any) -> Any:
    answer = client().get(f"/jobs/{job.id}/log.json", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def kept(portal: Portal, job: Job) -> list[str]:
    place = portal.settings.state_dir / "jobs" / str(job.id)
    return sorted(each.name for each in place.glob("written/*"))


def test_its_owner_sees_the_end_of_it(
    worker: FlaskClient, client: Client, job: Job, portal: Portal
) -> None:
    assert log(client, job)["text"] == ""
    tell(worker, job, b"<b>half</b>\xff\0 done\n", size=70_000)
    said = log(client, job)
    assert said["text"] == "<b>half</b>\N{REPLACEMENT CHARACTER}\0 done\n"
    assert (said["size"], said["from"], said["next"]) == (70_000, 70_000 - 19, 70_000)
    assert log(client, job, stream="stderr")["text"] == ""
    # What follows what was read is asked for by its place.
    tell(worker, job, b"done\nmore\n", size=70_005)
    assert log(client, job, **{"from": 70_000})["text"] == "more\n"
    assert log(client, job, **{"from": 70_005})["text"] == ""
    page = client().get(f"/jobs/{job.id}.html").text
    assert "done\nmore\n" in page
    assert "the last 10 bytes of" in page
    assert client("bob").get(f"/jobs/{job.id}/log.json").status_code == 404
    assert kept(portal, job) == ["stdout"]


def test_the_results_take_its_place(
    worker: FlaskClient, client: Client, job: Job, portal: Portal
) -> None:
    tell(worker, job, b"half\n")
    ended = Report(1, states.Cause.FINISHED, 0)
    assert report(worker, job.id, ended, {"stdout": b"half\ndone\n"}).status_code == 200
    assert log(client, job)["text"] == "half\ndone\n"
    assert kept(portal, job) == []


def test_of_an_attempt_that_died_nothing_is_shown_in_the_next(
    worker: FlaskClient, client: Client, store: Store, job: Job
) -> None:
    tell(worker, job, b"first\n")
    died = Report(1, states.Cause.REQUEUED, None, "its node died")
    assert report(worker, job.id, died, {}).status_code == 200
    assert log(client, job)["text"] == ""
    take(worker, "r2")
    beat(worker, Holding(job.id, 2, started=True))
    assert log(client, job)["text"] == ""
    # The host of the first attempt was not dead, and comes back.
    tell(worker, job, b"first, and more\n", attempt=1)
    assert log(client, job)["text"] == ""
    tell(worker, job, b"second\n", attempt=2)
    assert log(client, job)["text"] == "second\n"
    tell(worker, job, b"first, and more\n", attempt=1)
    assert log(client, job)["text"] == "second\n"
    assert (store.job(job.id) or job).state is State.ACTIVE


def test_another_worker_says_nothing_of_it(
    app: flask.Flask, worker: FlaskClient, client: Client, store: Store, job: Job, portal: Portal
) -> None:
    tell(worker, job, b"mine\n")
    other = app.test_client()
    other.environ_base.update(REMOTE_ADDR="localhost", HTTP_AUTHORIZATION=f"Bearer {'o' * 20}")
    store.declare_worker("other", hashlib.sha256(b"o" * 20).hexdigest())
    waits = submitted(store)
    lies = tuple(Written.of(each.id, 1, "stdout", 4, b"lie\n") for each in (job, waits))
    held = tuple(Holding(each.id, 1, started=True) for each in (job, waits))
    for name, code in (("far", 403), ("other", 200)):
        said = exchange.to_json(Beat(name, held, lies))
        assert other.post("/jobs/heartbeat.json", json=said).status_code == code
    assert log(client, job)["text"] == "mine\n"
    assert kept(portal, waits) == []
    # Nor does its own of what it does not name among its jobs.
    beat(worker, written=lies)
    assert log(client, job)["text"] == "mine\n"


def test_nothing_is_kept_of_a_job_that_ended(
    worker: FlaskClient, store: Store, job: Job, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = portal.settings.state_dir / "jobs" / str(job.id)
    put = WrittenFiles.put

    def late(files: WrittenFiles, said: Written) -> None:
        # It ends, is deleted and removed while its worker's word is on the way.
        store.apply(job.id, states.finished(0))
        store.want_cancel(job.id, State.DELETE)
        portal.files.remove(job.id)
        put(files, said)

    monkeypatch.setattr(WrittenFiles, "put", late)
    tell(worker, job, b"late\n")
    assert not place.exists()
    monkeypatch.undo()
    tell(worker, job, b"later\n")
    assert not place.exists()


SAID = exchange.to_json(Written.of(1, 1, "stdout", 5, b"hello"))


@pytest.mark.parametrize(
    "said",
    [
        {**SAID, "end": Written.of(1, 1, "stdout", 0, b"x" * (MOST_END + 1)).end, "size": 10**6},
        {**SAID, "end": Written.of(1, 1, "stdout", 0, b"x" * 1_000_000).end, "size": 10**7},
        {**SAID, "size": 4},
        {**SAID, "size": -1},
        {**SAID, "size": 10**30},
        {**SAID, "end": "aGVsbG8"},
        {**SAID, "end": "aGVs bG8="},
        {**SAID, "end": "h\u00e9llo==="},
        {**SAID, "end": None},
        {**SAID, "stream": "../results/stdout"},
        {**SAID, "stream": "/etc/passwd"},
        {**SAID, "stream": ""},
        {**SAID, "job": "1"},
        {**SAID, "attempt": 0},
        {**SAID, "more": 1},
        {},
        "hello",
    ],
)
def test_what_is_too_large_or_wrong_is_refused(
    worker: FlaskClient, job: Job, portal: Portal, said: Any
) -> None:
    assert job.id == SAID["job"]
    running = [{"job": job.id, "attempt": 1, "started": True}]
    whole = {"worker": "far", "running": running, "written": [SAID, said]}
    answer = worker.post("/jobs/heartbeat.json", json=whole)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert kept(portal, job) == []
    whole["written"] = [SAID] * (MOST_WRITTEN + 1)
    assert worker.post("/jobs/heartbeat.json", json=whole).status_code == 400
    whole["written"] = [SAID]
    assert worker.post("/jobs/heartbeat.json", json=whole).status_code == 200
    assert kept(portal, job) == ["stdout"]


def test_pieces_of_what_is_kept(portal: Portal, job: Job) -> None:
    files = WrittenFiles(portal.settings.state_dir)
    attempt = Attempt.of(job.order)
    files.put(Written.of(job.id, 1, "stderr", 100, b"0123456789"))
    for start, most, found in (
        (-1000, 1000, Tail(100, 90, b"0123456789")),
        (-4, 4, Tail(100, 96, b"6789")),
        (-4, 2, Tail(100, 96, b"67")),
        (0, 5, Tail(100, 90, b"01234")),
        (95, 50, Tail(100, 95, b"56789")),
        (100, 50, Tail(100, 100, b"")),
        (1000, 50, Tail(100, 100, b"")),
    ):
        assert files.piece(attempt, "stderr", start, most) == found
    # As a power cut leaves it.
    (files.directory(job.id) / "stderr").write_bytes(b"")
    assert files.piece(attempt, "stderr", -9, 9) == Tail(0, 0, b"")


def test_a_disk_that_takes_nothing_costs_no_lease(
    worker: FlaskClient, client: Client, job: Job, portal: Portal
) -> None:
    place = portal.settings.state_dir / "jobs" / str(job.id)
    place.parent.mkdir(exist_ok=True)
    place.write_text("no directory can be made here")
    said = (Written.of(job.id, 1, "stdout", 5, b"hello"),)
    pulse = beat(worker, Holding(job.id, 1, started=True), written=said)
    assert (pulse.lost, pulse.cancel) == ((), ())
    place.unlink()
    assert log(client, job)["text"] == ""

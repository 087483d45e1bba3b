"""Workers get their own jobs, and report each once."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from jobs.reports import FILES, beat, digest, report, submitted, take
from sciportal.jobs import exchange, order, states
from sciportal.jobs.exchange import Beat, Holding, Report
from sciportal.jobs.mapper import failures
from sciportal.jobs.mapper.outcome import Failure
from sciportal.jobs.states import Cause, State
from sciportal.jobs.store.store import Store
from sciportal.jobs.web.portal import Portal


def test_a_job_goes_its_way(worker: FlaskClient, store: Store, portal: Portal) -> None:
    job = submitted(store)
    [given] = take(worker)
    assert given.job == job.id
    assert [each.job for each in take(worker)] == [job.id], "the same claim gives the same"
    assert take(worker, "r2") == []
    assert beat(worker, Holding(job.id, 1)).lost == ()
    assert (store.job(job.id) or job).started_at is None
    pulse = beat(worker, Holding(job.id, 1, started=True))
    assert (pulse.lost, pulse.cancel, pulse.lease) == ((), (), portal.settings.lease_seconds)
    assert (store.job(job.id) or job).started_at is not None
    said = Report(1, Cause.FINISHED, 0, "", {"user_seconds": 1.5}, digest(FILES))
    assert report(worker, job.id, said).status_code == 200
    after = store.job(job.id)
    assert after is not None
    assert (after.state, after.results_sum) == (State.COMPLETE, digest(FILES))
    assert after.usage == {"user_seconds": 1.5}
    kept = [(each.path, each.size) for each in portal.files.results(job.id)]
    assert kept == [("out.txt", 5), ("plots/a.png", 4)]
    # The answer was lost, and it says it again; with others it is not heard.
    assert report(worker, job.id, said).status_code == 200
    other = {"out.txt": b"other"}
    changed = Report(1, Cause.FINISHED, 1, "", {}, digest(other))
    assert report(worker, job.id, changed, other).status_code == 409
    assert store.job(job.id) == after
    with portal.files.open_result(job.id, "out.txt") as file:
        assert file.read() == b"hello"
    assert beat(worker, Holding(job.id, 1)).lost == (job.id,)


def test_points_that_failed_are_noted_with_its_results(worker: FlaskClient, store: Store) -> None:
    job = submitted(store, map=order.Map(10, 5))
    take(worker)
    said = failures.dumps(10, [Failure(3, 0.3, "ValueError: no layer", 2)]).encode()
    ended = Report(1, Cause.FINISHED, 1)
    assert report(worker, job.id, ended, {"failures.json": said}).status_code == 200
    assert (store.job(job.id) or job).points_failed == failures.loads(said)


def test_its_owner_ends_it(worker: FlaskClient, store: Store) -> None:
    job = submitted(store)
    take(worker)
    store.want_cancel(job.id, State.CANCEL)
    assert beat(worker, Holding(job.id, 1)).cancel == (job.id,)
    assert report(worker, job.id, Report(1, Cause.CANCELLED), {}).status_code == 200
    assert (store.job(job.id) or job).state is State.CANCEL


def test_a_worker_cannot_say_that_the_owner_ended_it(worker: FlaskClient, store: Store) -> None:
    job = submitted(store)
    take(worker)
    assert report(worker, job.id, Report(1, Cause.CANCELLED), {}).status_code == 200
    assert (store.job(job.id) or job).state is State.ERROR


def test_its_node_died(worker: FlaskClient, store: Store) -> None:
    job = submitted(store)
    take(worker)
    beat(worker, Holding(job.id, 1, started=True))
    said = Report(1, Cause.REQUEUED, None, "its node died")
    assert report(worker, job.id, said, {}).status_code == 200
    after = store.job(job.id)
    assert after is not None
    assert (after.state, after.attempt, after.collected_at) == (State.PENDING, 2, None)
    assert report(worker, job.id, Report(1, Cause.FINISHED, 0)).status_code == 409
    assert [each.attempt for each in take(worker, "r2")] == [2]


def test_damaged_results_are_sent_again(worker: FlaskClient, store: Store, portal: Portal) -> None:
    job = submitted(store)
    take(worker)
    said = Report(1, Cause.FINISHED, 0, "", {}, digest(FILES))
    assert report(worker, job.id, said, {"out.txt": b"hell"}).status_code == 422
    assert (store.job(job.id) or job).state is State.ACTIVE
    assert portal.files.results(job.id) == []
    assert report(worker, job.id, said).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/passwd", "a/../../x", ".ssh/x", "a\0b", "a/" * 9 + "b", "-x", "a\nb", "x" * 200],
)
def test_names_of_results_are_checked(
    worker: FlaskClient, store: Store, portal: Portal, name: str
) -> None:
    job = submitted(store)
    take(worker)
    said = json.dumps(exchange.to_json(Report(1, Cause.FINISHED, 0)))
    quoted = name.encode().replace(b"\n", b"%0A")
    body = (
        b'--b\r\nContent-Disposition: form-data; name="result"\r\n\r\n' + said.encode() + b"\r\n"
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="' + quoted + b'"\r\n\r\n'
        b"x\r\n--b--\r\n"
    )
    answer = worker.post(
        f"/jobs/{job.id}/postjob", data=body, content_type="multipart/form-data; boundary=b"
    )
    assert answer.status_code == 400
    assert portal.files.results(job.id) == []
    assert (store.job(job.id) or job).state is State.ACTIVE


def test_results_are_bounded(
    changed: Callable[..., flask.Flask], worker: FlaskClient, store: Store
) -> None:
    job = submitted(store)
    take(worker)
    small = changed(limits={"results_bytes": 100}).test_client()
    small.environ_base.update(worker.environ_base)
    said = Report(1, Cause.FINISHED, 0)
    assert report(small, job.id, said, {"out.txt": b"x" * 101}).status_code == 413
    assert report(small, job.id, said, {"out.txt": b"x" * 2_000_000}).status_code == 413
    assert (store.job(job.id) or job).state is State.ACTIVE
    # It says how the job ended without them.
    assert report(small, job.id, said, {}).status_code == 200


def test_another_worker_gets_nothing(
    app: flask.Flask, worker: FlaskClient, store: Store, portal: Portal
) -> None:
    data = b"of alice"
    with portal.files.upload() as incoming:
        job = submitted(store, files=(incoming.add("in.dat", io.BytesIO(data)),))
        portal.files.place(incoming, job)
    other = app.test_client()
    other.environ_base.update(REMOTE_ADDR="localhost", HTTP_AUTHORIZATION=f"Bearer {'o' * 20}")
    store.declare_worker("other", hashlib.sha256(b"o" * 20).hexdigest())
    path = f"/jobs/{job.id}/inputs/in.dat"
    assert worker.get(path).status_code == 409, "before it has the job"
    take(worker)
    assert worker.get(path).data == data
    assert worker.get(f"/jobs/{job.id}/inputs/..%2Fin.dat").status_code == 404
    assert worker.get(f"/jobs/{job.id}/inputs/order.json").status_code == 404
    assert other.get(path).status_code == 409
    assert report(other, job.id, Report(1, Cause.FINISHED, 0)).status_code == 409
    said = exchange.to_json(Beat("far", (Holding(job.id, 1),)))
    assert other.post("/jobs/heartbeat.json", json=said).status_code == 403
    said = exchange.to_json(Beat("other", (Holding(job.id, 1, started=True),)))
    assert other.post("/jobs/heartbeat.json", json=said).json["lost"] == [job.id]
    assert (store.job(job.id) or job).started_at is None
    store.apply(job.id, states.finished(0))
    assert worker.get(path).status_code == 409


@pytest.mark.parametrize("given", ["", "Bearer ", f"Bearer {'x' * 20}", "Basic Zm9vOmJhcg=="])
def test_without_its_token_nobody_is_a_worker(app: flask.Flask, given: str) -> None:
    anybody = app.test_client()
    headers = {"Authorization": given, "X-Shib-Userid": "far", "X-Identity-Source": "token"}
    for path in ("/jobs/nextjob.json", "/jobs/heartbeat.json", "/jobs/1/postjob"):
        answer = anybody.post(path, json={}, headers=headers)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert anybody.get("/jobs/1/inputs/x", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        {"worker": "far"},
        {"worker": "far", "request": "r", "room": -1},
        {"worker": "far", "request": "r", "room": 10**30},
        {"worker": "far", "request": "r", "room": "many"},
        {"worker": "far", "request": "a b", "room": 1},
        {"worker": "../far", "request": "r", "room": 1},
        {"worker": "far", "request": "r", "room": 1, "running": [{}]},
        {"queue": 1, "worker": 2},
    ],
)
def test_bad_questions(worker: FlaskClient, store: Store, said: Any) -> None:
    job = submitted(store)
    assert worker.post("/jobs/nextjob.json", json=said).status_code == 400
    assert store.job(job.id) == job


@pytest.mark.parametrize(
    "said",
    ["", "{", "[]", "null", "{}", '{"attempt": 1}', "[" * 100_000]
    + ['{"attempt": 1, "cause": "finished", "exit": null}', '{"attempt": 0, "cause": "lost"}'],
)
@pytest.mark.parametrize("field", ["result", "results"])
def test_bad_reports(worker: FlaskClient, store: Store, field: str, said: str) -> None:
    job = submitted(store)
    take(worker)
    assert worker.post(f"/jobs/{job.id}/postjob", data={field: said}).status_code == 400
    assert (store.job(job.id) or job).state is State.ACTIVE

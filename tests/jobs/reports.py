"""A worker's words to the portal, as HTTP has them."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from jobs.samples import new_job
from sciportal.jobs import exchange, order
from sciportal.jobs.exchange import Ask, Beat, Holding, Report, Written
from sciportal.jobs.settings import DISPATCH
from sciportal.jobs.store.job import Job
from sciportal.jobs.store.store import Store

FILES = {"out.txt": b"hello", "plots/a.png": b"\x89PNG"}


def digest(files: dict[str, bytes]) -> str:
    """What results are told by."""
    return exchange.digest(
        (name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()
    )


def submitted(store: Store, **more: Any) -> Job:
    """A job for any worker."""
    return store.submit(new_job(backend=DISPATCH, **more))


def take(worker: FlaskClient, request: str = "r1", room: int = 1) -> list[order.Order]:
    """What the worker `far` is given."""
    said = exchange.to_json(Ask("far", request, room))
    answer = worker.post("/jobs/nextjob.json", json=said)
    assert answer.status_code == 200, answer.text
    return [order.from_json(each) for each in answer.json["jobs"]]


def beat(
    worker: FlaskClient, *running: Holding, written: tuple[Written, ...] = ()
) -> exchange.Pulse:
    """What it is told."""
    said = exchange.to_json(Beat("far", running, written))
    answer = worker.post("/jobs/heartbeat.json", json=said)
    assert answer.status_code == 200, answer.text
    return exchange.pulse(answer.json)


def report(
    worker: FlaskClient, job: int, said: Report, files: dict[str, bytes] = FILES
) -> TestResponse:
    """It says how a job ended."""
    parts = [(io.BytesIO(data), name) for name, data in files.items()]
    form = {"result": json.dumps(exchange.to_json(said)), "files": parts}
    return worker.post(f"/jobs/{job}/postjob", data=form, content_type="multipart/form-data")

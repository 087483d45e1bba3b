"""What comes out of jobs: results, files, logs."""

from __future__ import annotations

from typing import Any

from flask import Response

from sciportal.jobs import names
from sciportal.jobs.states import State
from sciportal.jobs.store.job import Job
from sciportal.jobs.web import queries, schemas, serving, visible
from sciportal.jobs.web.problems import missing
from sciportal.jobs.web.routes import Answer, Call, Route

_PIECE = 65536
"""Bytes of a log in one answer."""
_TRACE = 4096
STREAMS = ("stdout", "stderr")


def results(call: Call, job: int) -> Answer:
    """What a job gave, if it ended."""
    found = visible.job(call, job)
    said: dict[str, Any] = {"id": found.id, "status": found.state.value}
    if found.state is State.COMPLETE:
        said["result"] = {
            "exit_code": found.exit_code,
            "files": _pairs(call, found),
            "usage": found.usage,
        }
    elif found.state is State.ERROR:
        said["error"] = found.reason or f"exit code {found.exit_code}"
        said["trace"] = _end(call, found)
    return Answer(said)


def data_index(call: Call, job: int) -> Answer:
    """Names and bytes of a job's results."""
    found = visible.job(call, job)
    return Answer({"id": found.id, "files": _pairs(call, found)})


def data_file(call: Call, job: int, name: str) -> Response:
    """One of a job's results."""
    found = visible.job(call, job)
    if not names.is_path(name):
        raise missing(f"the result {names.shown(name)} of job {job}")
    return serving.bytes_of(call, call.web.portal.files.open_result(found.id, name), name)


def log(call: Call, job: int) -> Answer:
    """A piece of what a job writes, also while it runs; the end of it by default."""
    found = visible.job(call, job)
    stream = queries.word(call.request, "stream", STREAMS)
    start = queries.number(call.request, "from", -1, least=0, most=queries.LARGEST)
    tail = call.web.portal.logs(found, stream, start, _PIECE)
    return Answer(
        {
            "id": found.id,
            "status": found.state.value,
            "stream": stream,
            "size": tail.size,
            "from": tail.start,
            "next": tail.start + len(tail.data),
            "text": tail.data.decode(errors="replace"),
        }
    )


def _pairs(call: Call, job: Job) -> list[tuple[str, int]]:
    return [(each.path, each.size) for each in call.web.portal.files.results(job.id)]


def _end(call: Call, job: Job) -> str:
    tail = call.web.portal.logs(job, "stderr", -1, _TRACE)
    text: str = tail.data.decode(errors="replace")
    return text


def _one_file(name: str, path: str, summary: str) -> Route:
    """A route to single results."""
    more: dict[str, Any] = {"formed": False, "statuses": (206, 304), "problems": (416,)}
    return Route(name, "GET", path, data_file, summary, serving.BYTES, **more)


ROUTES = (
    Route("results", "GET", "/jobs/<job:job>/results", results, "What a job gave", schemas.RESULTS),
    Route(
        "data_index",
        "GET",
        "/jobs/<job:job>/data/index",
        data_index,
        "Names and bytes of a job's results",
        schemas.FILES,
    ),
    _one_file("data_file", "/jobs/<job:job>/data/<path:name>", "One of a job's results"),
    # Where no result has the name of a list of them, as index.html has below data.
    _one_file(
        "result_file",
        "/jobs/<job:job>/results/<path:name>",
        "One of a job's results, whatever its name",
    ),
    Route(
        "log",
        "GET",
        "/jobs/<job:job>/log",
        log,
        "A piece of what a job writes",
        schemas.LOG,
        queries={
            "stream": {"type": "string", "enum": list(STREAMS), "default": "stdout"},
            "from": {"type": "integer", "minimum": 0, "maximum": queries.LARGEST},
        },
    ),
)

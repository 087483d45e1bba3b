"""What workers of clusters that cannot be reached ask for; see `jobs/exchange.py`.

Each asks with a token of its own, and gets and reports its own jobs only. Everything can be said
again: the same claim gives the same jobs, and the same report is stored once.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any

from flask import Response

from sciportal.jobs import exchange, failed_points, names, order, states
from sciportal.jobs.exchange import Report, Written
from sciportal.jobs.states import Cause, Event
from sciportal.jobs.store.job import Brought, Job
from sciportal.jobs.web import bodies, schemas, serving, uploads
from sciportal.jobs.web.bodies import JSON, MULTIPART
from sciportal.jobs.web.portal import Portal
from sciportal.jobs.web.problems import ProblemError, invalid, missing
from sciportal.jobs.web.routes import Answer, Call, Route, Who
from sciportal.jobs.written import WrittenFiles

_MOST = 4_000_000
"""Bytes of what a worker says, without results."""
_FIELDS = ("files", "file")
"""Of ours and of Bumps's workers."""
_ENDS = {"COMPLETE": 0, "ERROR": 1}


def next_job(call: Call) -> Answer:
    """Jobs for a worker with room for them."""
    said = bodies.json_of(call.request, _MOST)
    portal = call.web.portal
    lease = portal.settings.lease_seconds
    if isinstance(said, dict) and "queue" in said and "worker" not in said:
        _seen(call)
        jobs = portal.store.claim(call.worker, secrets.token_hex(16), 1, lease)
        if not jobs:
            return Answer({"request": None})
        return Answer({"id": jobs[0].id, "request": order.to_json(jobs[0].order)})
    ask = exchange.ask(said)
    _check_name(call, ask.worker)
    _seen(call, ask.room + len(ask.running))
    jobs = portal.store.claim(call.worker, ask.request, ask.room, lease)
    # One of an earlier answer that was lost may be nobody's or another's by now.
    own = [job for job in jobs if job.worker == call.worker and not job.final]
    return Answer({"jobs": [order.to_json(job.order) for job in own]})


def heartbeat(call: Call) -> Answer:
    """A worker keeps its jobs, says which start, what they write, and is told which to end."""
    beat = exchange.beat(bodies.json_of(call.request, _MOST))
    _check_name(call, beat.worker)
    _seen(call)
    portal = call.web.portal
    lease = portal.settings.lease_seconds
    running = {each.job: each.attempt for each in beat.running}
    told = portal.store.heartbeat(call.worker, running, lease)
    lost = set(told.lost)
    for each in beat.running:
        if each.started and each.job not in lost:
            job = portal.store.apply(each.job, states.STARTED, each.attempt)
            if job.final or job.attempt != each.attempt:
                lost.add(each.job)
    for said in beat.written:
        if running.get(said.job) == said.attempt and said.job not in lost:
            _keep(portal, said)
    cancel = tuple(sorted(set(told.cancel) - lost))
    return Answer(exchange.to_json(exchange.Pulse(cancel, tuple(sorted(lost)), lease)))


def _keep(portal: Portal, said: Written) -> None:
    written = WrittenFiles(portal.settings.state_dir)
    # That it keeps its jobs is worth more than what it tells of them.
    with suppress(OSError):
        written.put(said)
    job = portal.store.job(said.job)
    if job is None or job.final:
        # It ended meanwhile, and whoever removes its files may have done so.
        written.remove(said.job)


def input_file(call: Call, job: int, name: str) -> Response:
    """A file of a job that this worker has."""
    found = _own(call, job)
    if name not in {each.name for each in found.order.files}:
        raise missing(f"the input {names.shown(name)} of job {job}")
    return serving.bytes_of(call, call.web.portal.files.open_input(job, name), name)


def post_job(call: Call, job: int) -> Answer:
    """How a job ended, with its results."""
    portal = call.web.portal
    # Who it is is known by now; before that, nothing was read.
    found = _own(call, job, ended=True)
    bodies.bound_parts(call.request, portal.settings.limits.results_bytes)
    report = _report(call, found)
    if report.attempt != found.attempt:
        raise _not_yours(job, "it began anew")
    if found.final and found.collected_at is not None:
        if report.sha256 not in ("", found.results_sum):
            raise _not_yours(job, "other results of it are here")
        return Answer({})
    if not _concluded(call, found, report):
        raise _not_yours(job, "it began anew")
    return Answer({})


def _concluded(call: Call, job: Job, report: Report) -> bool:
    """Whether the job was still this worker's when its results were here."""
    portal = call.web.portal
    said = (job.id, call.worker, report.attempt, _event(job, report))
    if report.cause is Cause.REQUEUED:
        return portal.store.conclude(*said) is not None
    files = uploads.of_parts(call.request, _FIELDS, names.is_path)
    uploads.bounded(files, portal.settings.limits.results_bytes)
    digest = exchange.digest((each.name, each.size, each.sha256) for each in files)
    if report.sha256 and report.sha256 != digest:
        found = "they are not those that the report names"
        raise ProblemError(422, "damaged", f"the results of job {job.id}", found, "send them again")
    with portal.files.receive() as incoming:
        for each in files:
            incoming.add(each.name, uploads.chunks(each.stream))

        def place() -> Brought:
            portal.files.replace(incoming, job.id)
            WrittenFiles(portal.settings.state_dir).remove(job.id)
            failed = failed_points.of_results(portal.files, job.order)
            return Brought(digest, report.usage, failed)

        return portal.store.conclude(*said, place) is not None


def _report(call: Call, job: Job) -> Report:
    form = call.request.form
    if "result" in form:
        return exchange.report(bodies.json_in(form["result"].encode()))
    if "results" in form:
        return _as_bumps(bodies.json_in(form["results"].encode()), job)
    raise invalid("the results of a job", "the field result is missing", "send it as JSON")


def _as_bumps(said: Any, job: Job) -> Report:
    """What Bumps's worker sends: a status, and an error with its trace."""
    status = said.get("status") if isinstance(said, dict) else None
    if status == "CANCEL":
        return Report(job.attempt, Cause.CANCELLED)
    if not isinstance(status, str) or status not in _ENDS:
        found = "the status is none of COMPLETE, ERROR and CANCEL"
        raise invalid("the results of a job", found, "send one of them")
    reason = said.get("error", said.get("message", ""))
    reason = reason[: exchange.MOST_REASON] if isinstance(reason, str) else ""
    return Report(job.attempt, Cause.FINISHED, _ENDS[status], reason.replace("\0", ""))


def _event(job: Job, report: Report) -> Event:
    match report.cause:
        case Cause.FINISHED:
            assert report.exit is not None
            return states.finished(report.exit, report.reason)
        case Cause.REFUSED:
            return states.refused(report.reason)
        case Cause.REQUEUED:
            return states.requeued(report.reason or "its node died", node_died=True)
        case Cause.CANCELLED if job.cancel_wanted:
            return states.CANCELLED
        case _:
            return states.lost(report.reason or f"worker {job.worker} ended it")


def _own(call: Call, number: int, *, ended: bool = False) -> Job:
    """The job, if this worker has it.

    Raises:
        ProblemError: there is none, or another has it; to the worker both are the same.
    """
    job = call.web.portal.store.job(number)
    if job is None or job.worker != call.worker or (job.final and not ended):
        raise _not_yours(number, "it is not, or no longer, this worker's")
    return job


def _not_yours(job: int, found: str) -> ProblemError:
    return ProblemError(409, "lost", f"job {job}", found, "forget the job")


def _check_name(call: Call, name: str) -> None:
    if name != call.worker:
        found = f"the token is of worker {call.worker}, not of {names.shown(name)}"
        raise ProblemError(403, "worker", "work for a worker", found, "use the worker's own token")


def _seen(call: Call, room: int | None = None) -> None:
    address = call.request.headers.get("X-Forwarded-For", call.request.remote_addr or "")
    last = address.rpartition(",")[2].strip()
    call.web.portal.store.worker_seen(call.worker, last[:64], room)


_ASK = schemas.shape({"worker": schemas.TEXT, "request": schemas.TEXT, "room": schemas.NUMBER})
_LIST = schemas.listing(schemas.ANY)
_BEAT = schemas.shape({"worker": schemas.TEXT, "running": _LIST}, {"written": _LIST})
_IDS = schemas.listing(schemas.NUMBER)

ROUTES = (
    Route(
        "next_job",
        "POST",
        "/jobs/nextjob",
        next_job,
        "Jobs for a worker",
        schemas.shape(
            {},
            {
                "jobs": schemas.listing(schemas.ANY),
                "id": schemas.JOB_ID,
                "request": schemas.or_null(schemas.ANY),
            },
        ),
        takes={JSON: {"anyOf": [_ASK, schemas.shape({"queue": schemas.TEXT})]}},
        who=Who.WORKER,
        problems=(413, 415),
    ),
    Route(
        "heartbeat",
        "POST",
        "/jobs/heartbeat",
        heartbeat,
        "A worker keeps its jobs",
        schemas.shape({"cancel": _IDS, "lost": _IDS, "lease": {"type": "number"}}),
        takes={JSON: _BEAT},
        who=Who.WORKER,
        problems=(413, 415),
    ),
    Route(
        "input_file",
        "GET",
        "/jobs/<job:job>/inputs/<name>",
        input_file,
        "A file of a job",
        serving.BYTES,
        who=Who.WORKER,
        formed=False,
        problems=(409,),
    ),
    Route(
        "post_job",
        "POST",
        "/jobs/<job:job>/postjob",
        post_job,
        "How a job ended, and its results",
        schemas.shape({}),
        takes={MULTIPART: schemas.shape({}, {"result": schemas.TEXT, "results": schemas.TEXT})},
        who=Who.WORKER,
        formed=False,
        problems=(409, 413, 422, 507),
    ),
)

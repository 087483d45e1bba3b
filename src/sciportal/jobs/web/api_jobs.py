"""Jobs: submitted, listed, shown, ended."""

from __future__ import annotations

from dataclasses import replace

import flask

from sciportal.jobs.states import State
from sciportal.jobs.store import events
from sciportal.jobs.store.job import Job
from sciportal.jobs.web import queries, schemas, shapes, submission, visible
from sciportal.jobs.web.bodies import JSON, MULTIPART
from sciportal.jobs.web.problems import invalid
from sciportal.jobs.web.routes import Answer, Call, Route

_MOST_LISTED = 10_000
_USUALLY_LISTED = 1000
_NUMBER: schemas.Schema = {"type": "integer", "minimum": 1}
_QUERIES: dict[str, schemas.Schema] = {
    "limit": {**_NUMBER, "maximum": _MOST_LISTED, "default": _USUALLY_LISTED},
    "before": {**_NUMBER, "maximum": queries.LARGEST},
    "owner": {"type": "string", "enum": ["me", "everybody"], "default": "me"},
}
_STATES = "pending,active,error,complete,cancel"


def list_jobs(call: Call, state: str = "") -> Answer:
    """The visitor's jobs, newest first."""
    limit = queries.number(call.request, "limit", _USUALLY_LISTED, least=1, most=_MOST_LISTED)
    before = queries.number(call.request, "before", 0, least=0, most=queries.LARGEST)
    everybody = queries.word(call.request, "owner", ("me", "everybody")) == "everybody"
    wanted = replace(
        visible.listing(call.identity, everybody=everybody), limit=limit, before=before or None
    )
    if state:
        wanted = replace(wanted, states=frozenset({State(state.upper())}))
    return Answer(shapes.listed(call.web.portal.store.jobs(wanted), limit))


def submit_job(call: Call) -> Answer:
    """A new job; 201, or 200 for Bumps's clients, which know of no other success."""
    accepted = submission.accept(call)
    job = accepted.job
    store = call.web.portal.store
    return Answer(
        shapes.whole(job, [events.submission(job)] if accepted.anew else store.events(job.id)),
        200 if accepted.as_bumps else 201,
        flask.url_for("show_job_json", job=job.id),
    )


def show_job(call: Call, job: int) -> Answer:
    """Everything about a job."""
    found = visible.job(call, job)
    return Answer(shapes.whole(found, call.web.portal.store.events(found.id)))


def job_status(call: Call, job: int) -> Answer:
    """What changes while it runs."""
    return Answer(shapes.status(visible.job(call, job)))


def cancel_job(call: Call, job: int) -> Answer:
    """Stop it; what has ended stays as it is."""
    return _cancelled(call, visible.job(call, job))


def act_on_job(call: Call, job: int) -> Answer:
    """What Bumps's client sends for stopping a job: `?action=stop`."""
    found = visible.job(call, job)
    if call.request.args.get("action") != "stop":
        raise invalid(f"job {job}", "the action is not stop", "send ?action=stop")
    return _cancelled(call, found)


def delete_job(call: Call, job: int) -> Answer:
    """Stop it, remove its files and hide it; what is left of the list."""
    found = visible.job(call, job)
    call.web.portal.store.want_cancel(found.id, State.DELETE)
    left = call.web.portal.store.jobs(
        replace(visible.listing(call.identity), limit=_USUALLY_LISTED)
    )
    # One that still has to be stopped is hidden when it has ended.
    left = [each for each in left if each.cancel_wanted is not State.DELETE]
    return Answer(shapes.listed(left, _USUALLY_LISTED), location=flask.url_for("list_jobs_json"))


def _cancelled(call: Call, job: Job) -> Answer:
    after = call.web.portal.store.want_cancel(job.id, State.CANCEL)
    return Answer(shapes.status(after), location=flask.url_for("show_job_json", job=job.id))


ROUTES = (
    Route(
        "list_jobs",
        "GET",
        "/jobs",
        list_jobs,
        "The jobs, newest first",
        schemas.JOBS,
        queries=_QUERIES,
    ),
    Route(
        "submit_job",
        "POST",
        "/jobs",
        submit_job,
        "Submit a job",
        schemas.JOB,
        takes={
            JSON: {"anyOf": [schemas.SUBMIT, schemas.SUBMIT_AS_BUMPS]},
            MULTIPART: schemas.SUBMIT_FORM,
        },
        status=201,
        statuses=(200,),
        headers={"Idempotency-Key": {"type": "string", "maxLength": 128}},
        problems=(413, 415, 422, 429, 507),
    ),
    Route(
        "jobs_in_state",
        "GET",
        f"/jobs/<any({_STATES}):state>",
        list_jobs,
        "The jobs in one state",
        schemas.JOBS,
        queries=_QUERIES,
    ),
    Route(
        "show_job",
        "GET",
        "/jobs/<job:job>",
        show_job,
        "Everything about a job",
        schemas.JOB,
    ),
    Route(
        "delete_job",
        "DELETE",
        "/jobs/<job:job>",
        delete_job,
        "Stop a job, remove its files and hide it; says which jobs are left",
        schemas.JOBS,
    ),
    Route(
        "delete_job_by_form",
        "POST",
        "/jobs/<job:job>/delete",
        delete_job,
        "The same, for forms",
        schemas.JOBS,
        formed=False,
    ),
    Route(
        "act_on_job",
        "POST",
        "/jobs/<job:job>",
        act_on_job,
        "Stop a job, as Bumps's client does",
        schemas.JOB_STATUS,
        formed=False,
        queries={"action": {"type": "string", "enum": ["stop"]}},
    ),
    Route(
        "cancel_job",
        "POST",
        "/jobs/<job:job>/cancel",
        cancel_job,
        "Stop a job",
        schemas.JOB_STATUS,
        formed=False,
    ),
    Route(
        "job_status",
        "GET",
        "/jobs/<job:job>/status",
        job_status,
        "What changes while a job runs",
        schemas.JOB_STATUS,
    ),
)

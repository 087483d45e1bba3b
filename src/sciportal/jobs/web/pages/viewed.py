"""One job's page."""

from __future__ import annotations

from typing import Any, NamedTuple

import flask

from sciportal.jobs.states import State
from sciportal.jobs.store.job import Job
from sciportal.jobs.web import serving, visible
from sciportal.jobs.web.pages import failed, figures, rendering, shown
from sciportal.jobs.web.pages.terminal import plain
from sciportal.jobs.web.routes import Call

_LOG_BYTES = 32_768
"""Of the end of each log."""
_MOST_PICTURES = 60
_STREAMS = (("stdout", "Output"), ("stderr", "Errors"))
_NO_LOG = {
    True: "The job wrote nothing.",
    False: "Nothing yet. What the job writes appears here.",
}


class File(NamedTuple):
    """A file of a job."""

    name: str
    size: str
    link: str = ""


class Log(NamedTuple):
    """The end of what a job wrote."""

    stream: str
    label: str
    text: str
    left_out: str
    """How much stands before it; empty where nothing does."""


def view(call: Call, job: int) -> flask.Response:
    """The page.

    Raises:
        ProblemError: there is no such job for this visitor.
    """
    found = visible.job(call, job)
    seen = _seen(call, found)
    values = {**_values(call, found, *seen), "etag": _tag(found, *seen)}
    return rendering.page(call, "job.html", here="list_jobs_page", **values)


def live(call: Call, job: int) -> flask.Response:
    """The part that is asked for again and again.

    Raises:
        ProblemError: there is no such job for this visitor.
    """
    found = visible.job(call, job)
    seen = _seen(call, found)
    tag = _tag(found, *seen)
    if rendering.is_known(tag):
        return rendering.unchanged(tag)
    return rendering.fragment("job_live.html", tag, **_values(call, found, *seen))


def cancel(call: Call, job: int) -> flask.Response:
    """Stop the job; its page shows how that goes."""
    found = visible.job(call, job)
    call.web.portal.store.want_cancel(found.id, State.CANCEL)
    return rendering.see(flask.url_for("show_job_page", job=found.id))


def delete(call: Call, job: int) -> flask.Response:
    """Stop the job, remove its files and hide it."""
    found = visible.job(call, job)
    call.web.portal.store.want_cancel(found.id, State.DELETE)
    return rendering.see(flask.url_for("list_jobs_page"))


def elsewhere(call: Call, job: int) -> flask.Response:
    """A part of the job that has no page of its own is on the job's."""
    return rendering.see(flask.url_for("show_job_page", job=visible.job(call, job).id))


def _seen(call: Call, job: Job) -> tuple[list[Log], list[tuple[str, int]]]:
    """What may change while the job's row does not: its logs and its files."""
    results = [(each.path, each.size) for each in call.web.portal.files.results(job.id)]
    return [_log(call, job, *each) for each in _STREAMS], results


def _log(call: Call, job: Job, stream: str, label: str) -> Log:
    tail = call.web.portal.logs(job, stream, -_LOG_BYTES, _LOG_BYTES)
    left_out = f"the last {figures.size(len(tail.data))} of {figures.size(tail.size)}"
    text = plain(tail.data.decode(errors="replace"))
    return Log(stream, label, text, left_out if tail.start else "")


def _tag(job: Job, logs: list[Log], results: list[tuple[str, int]]) -> str:
    return rendering.tag_of(job, logs, results)


def _values(
    call: Call, job: Job, logs: list[Log], results: list[tuple[str, int]]
) -> dict[str, Any]:
    files = [_result(job, name, size) for name, size in results]
    images = [each for each in files if serving.media_type(each.name).startswith("image/")]
    known = call.web.portal.catalogue.applications()
    own = visible.owner(call.identity) == job.owner
    again = own and job.application in known
    return {
        "job": job,
        "own": own,
        "title": shown.title(job),
        "state": shown.badge(job),
        "explained": shown.explained(job),
        "facts": shown.facts(job),
        "can_cancel": not job.final and not job.cancel_wanted,
        "again": _again(job) if again else "",
        "pictures": images[:_MOST_PICTURES],
        "logs": [each for each in logs if each.text],
        "no_log": _NO_LOG[job.final],
        "results": files,
        "no_results": _no_results(job),
        "failed": failed.of(job),
        "usage": shown.usage(job),
        "events": shown.timeline(call.web.portal.store.events(job.id)),
        "parameters": [shown.Fact(*each) for each in _parameters(call, job)],
        "inputs": [File(each.name, figures.size(each.size)) for each in job.order.files],
        "live": flask.url_for("pages.job_live", job=job.id),
        "every": shown.every(job),
    }


def _result(job: Job, name: str, size: int) -> File:
    return File(name, figures.size(size), flask.url_for("result_file", job=job.id, name=name))


def _again(job: Job) -> str:
    return flask.url_for("pages.form", application=job.application, again=job.id)


def _no_results(job: Job) -> str:
    if not job.final:
        return "The files that the job makes are fetched when it has ended."
    return "They are being fetched." if shown.every(job) else "The job left no files."


def _parameters(call: Call, job: Job) -> list[tuple[str, str]]:
    """What was given, as the application calls it today."""
    descriptor = call.web.portal.catalogue.applications().get(job.application)
    known = {each.name: each for each in descriptor.parameters} if descriptor else {}
    return [
        (
            known[name].title if name in known else name,
            f"{_text(value)} {known[name].unit if name in known else ''}".strip(),
        )
        for name, value in job.parameters.items()
    ]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value!s:.300}"

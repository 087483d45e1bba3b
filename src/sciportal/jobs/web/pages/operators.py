"""The operators' page: what is broken, who works, what does not move."""

from __future__ import annotations

from typing import Any, NamedTuple

import flask

from sciportal.jobs.settings import BACKENDS
from sciportal.jobs.states import State
from sciportal.jobs.store.job import Job, Listing
from sciportal.jobs.store.store import Store
from sciportal.jobs.store.workers import Worker
from sciportal.jobs.web import problems
from sciportal.jobs.web.pages import figures, listed, rendering, shown
from sciportal.jobs.web.pages.stuck import stuck
from sciportal.jobs.web.routes import Call

EVERY_SECONDS = 5
MOST_STUCK = 50
# What one look takes from the store at most.
_MOST_LOOKED_AT = 1000


class Count(NamedTuple):
    """How many jobs are in a state."""

    state: shown.Badge
    number: int


class SeenWorker(NamedTuple):
    """A worker, and when it was last heard of."""

    name: str
    seen: shown.When | None
    ago: str
    silent: bool
    address: str
    max_jobs: int | None


class StuckRow(NamedTuple):
    """A job that does not move on, in a list."""

    row: shown.Row
    why: str


def view(call: Call) -> flask.Response:
    """The page.

    Raises:
        ProblemError: who asks is no operator.
    """
    return rendering.page(call, "operators.html", here="pages.operators", **_values(call))


def live(call: Call) -> flask.Response:
    """The part that is asked for again and again.

    Raises:
        ProblemError: who asks is no operator.
    """
    values = _values(call)
    return rendering.fragment("operators_live.html", values.pop("etag"), **values)


def _values(call: Call) -> dict[str, Any]:
    if not call.identity.operator:
        found = "you are not among the operators of this portal"
        raise problems.ProblemError(
            403, "operators", "the operators' page", found, "ask one of them"
        )
    portal = call.web.portal
    now = int(call.web.clock() * figures.MICROSECONDS)
    counts = portal.store.count(Listing())
    values = {
        "offered": len(portal.catalogue.applications()),
        "broken": portal.catalogue.mistakes(),
        "counts": [
            Count(badge, counts.get(state, 0))
            for state, badge in shown.BADGES.items()
            if state is not State.DELETE
        ],
        "everybody": flask.url_for("list_jobs_page", owner=listed.EVERYBODY),
        "stuck": _stuck(portal.store, now),
        "workers": [
            _worker(each, now, portal.settings.lease_seconds) for each in portal.store.workers()
        ],
        "live": flask.url_for("pages.operators_live"),
        "every": EVERY_SECONDS,
    }
    return {**values, "etag": rendering.tag_of(sorted(values.items()))}


def _stuck(store: Store, now: int) -> list[StuckRow]:
    jobs: dict[int, Job] = {}
    for backend in BACKENDS:
        for some in (
            store.active(backend)[:_MOST_LOOKED_AT],
            store.unsent(backend, _MOST_LOOKED_AT),
            store.uncollected(backend, _MOST_LOOKED_AT),
        ):
            jobs.update({job.id: job for job in some})
    found = stuck((jobs[number] for number in sorted(jobs)), now)[:MOST_STUCK]
    return [
        StuckRow(shown.row(each.job, flask.url_for("show_job_page", job=each.job.id)), each.why)
        for each in found
    ]


def _worker(worker: Worker, now: int, lease_seconds: float) -> SeenWorker:
    """A worker as it is shown; one that has been silent for longer than a lease is overdue."""
    if worker.seen_at is None:
        return SeenWorker(worker.name, None, "", True, worker.address, worker.max_jobs)
    since = (now - worker.seen_at) / figures.MICROSECONDS
    silent = since > lease_seconds
    ago = f"silent for {figures.duration(int(since))}" if silent else "working"
    when = shown.when(worker.seen_at)
    return SeenWorker(worker.name, when, ago, silent, worker.address, worker.max_jobs)

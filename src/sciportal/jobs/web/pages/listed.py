"""The list of one's jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import flask

from sciportal.jobs import names
from sciportal.jobs.states import State
from sciportal.jobs.store.job import JobSummary, Listing
from sciportal.jobs.web import visible
from sciportal.jobs.web.pages import rendering, shown
from sciportal.jobs.web.routes import Call

PAGE = 50
"""Jobs of one page."""
EVERYBODY = "everybody"
# Where nothing is on its way, only a submission from elsewhere changes the list.
_QUIET_SECONDS = 10


class Filter(NamedTuple):
    """A choice of jobs by state."""

    label: str
    link: str
    chosen: bool
    number: int


class Wanted(NamedTuple):
    """Which jobs somebody looks at."""

    state: State | None
    """None: all of them."""
    before: int | None
    """Older than this one."""
    everybody: bool

    def query(self) -> dict[str, Any]:
        """The same as the query of an address."""
        words = {
            "state": self.state.lower() if self.state else "",
            "before": str(self.before or ""),
            "owner": EVERYBODY if self.everybody else "",
        }
        return {key: value for key, value in words.items() if value}


def wanted(call: Call, state: str = "") -> Wanted:
    """What the address asks for; what is no state or number counts as nothing said."""
    query = call.request.args
    state = (state or query.get("state", "")).upper()
    everybody = call.identity.operator and query.get("owner") == EVERYBODY
    known = state in State.__members__ and state != State.DELETE
    return Wanted(State(state) if known else None, names.job_id(query.get("before", "")), everybody)


def view(call: Call, state: str = "") -> flask.Response:
    """The page.

    Args:
        call: the request.
        state: which the path names; else the query may.
    """
    asked = wanted(call, state)
    listing = listing_of(call, asked)
    counts = call.web.portal.store.count(replace(listing, states=frozenset(State), before=None))
    newest = asked._replace(before=None)
    return rendering.page(
        call,
        "jobs.html",
        here="list_jobs_page",
        filters=_filters(newest, counts),
        newest=_link(newest) if asked.before else "",
        **_values(asked, call.web.portal.store.jobs(listing)),
    )


def live(call: Call) -> flask.Response:
    """The part that is asked for again and again."""
    asked = wanted(call)
    jobs = call.web.portal.store.jobs(listing_of(call, asked))
    tag = _tag(asked, jobs)
    if rendering.is_known(tag):
        return rendering.unchanged(tag)
    values = _values(asked, jobs)
    return rendering.fragment("jobs_live.html", values.pop("etag"), **values)


def listing_of(call: Call, asked: Wanted) -> Listing:
    """The jobs that somebody looks at, and one more, to see whether there are older ones."""
    states = frozenset({asked.state} if asked.state else State)
    whose = visible.listing(call.identity, everybody=asked.everybody)
    return replace(whose, states=states, before=asked.before, limit=PAGE + 1)


def latest(call: Call, number: int) -> list[shown.Row]:
    """Somebody's newest jobs."""
    listing = replace(listing_of(call, Wanted(None, None, everybody=False)), limit=number)
    return _rows(call.web.portal.store.jobs(listing))


def _tag(asked: Wanted, jobs: list[JobSummary]) -> str:
    """The tag of what is shown of jobs, of which there may be one more; before it is made."""
    seen = [(job.id, job.state, job.started_at, job.cancel_wanted) for job in jobs]
    return rendering.tag_of(seen, asked)


def _values(asked: Wanted, jobs: list[JobSummary]) -> dict[str, Any]:
    older = asked._replace(before=jobs[PAGE - 1].id) if len(jobs) > PAGE else None
    some = jobs[:PAGE]
    moving = any(not job.final for job in some)
    return {
        "rows": _rows(some),
        "chosen": asked.state,
        "everybody": asked.everybody,
        "heading": "Jobs of everybody" if asked.everybody else "Your jobs",
        "live": flask.url_for("pages.jobs_live", **asked.query()),
        "every": shown.LIVE_SECONDS if moving else _QUIET_SECONDS,
        "etag": _tag(asked, jobs),
        "older": _link(older) if older else "",
    }


def _rows(jobs: list[JobSummary]) -> list[shown.Row]:
    return [shown.row(job, flask.url_for("show_job_page", job=job.id)) for job in jobs]


def _filters(newest: Wanted, counts: dict[State, int]) -> list[Filter]:
    chosen = [("All", None), *((shown.BADGES[each].label, each) for each in shown.BADGES)]
    return [
        Filter(
            label,
            _link(newest._replace(state=state)),
            newest.state == state,
            counts.get(state, 0) if state else sum(counts.values()),
        )
        for label, state in chosen
        if state is not State.DELETE
    ]


def _link(asked: Wanted) -> str:
    return flask.url_for("list_jobs_page", **asked.query())

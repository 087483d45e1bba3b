"""The first page: what there is to submit, and what was submitted last."""

from __future__ import annotations

from typing import NamedTuple

import flask

from sciportal.jobs.web.pages import listed, rendering
from sciportal.jobs.web.routes import Call

_LATEST = 5
_SUMMARY = 200


class Offer(NamedTuple):
    """An application."""

    name: str
    title: str
    summary: str


def view(call: Call) -> flask.Response:
    """The page."""
    offered = call.web.portal.catalogue.applications().values()
    applications = [Offer(each.name, each.title, _summary(each.description)) for each in offered]
    return rendering.page(
        call,
        "home.html",
        here="pages.home",
        applications=sorted(applications, key=lambda each: each.title.lower()),
        latest=listed.latest(call, _LATEST),
    )


def _summary(description: str) -> str:
    """The first paragraph, of which a tile has room for a part."""
    words = " ".join(description.split("\n\n", 1)[0].split())
    return words if len(words) <= _SUMMARY else f"{words[:_SUMMARY].rpartition(' ')[0]}…"

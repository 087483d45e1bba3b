"""Templates become answers: who looks at them, what they may load, whether they changed."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import flask

from sciportal.jobs.web.auth import Identity
from sciportal.jobs.web.problems import ProblemError, Told
from sciportal.jobs.web.routes import Call

BLUEPRINT = "pages"
# Nothing comes from elsewhere, and nothing that stands in a page runs.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Of the role identity (docs/operators/identity.md); a certificate is nothing that one signs out of.
_SIGN_OUT = "/Shibboleth.sso/Logout"
_BY_FORM = "shibboleth"


class Entry(NamedTuple):
    """A place that each page leads to."""

    endpoint: str
    label: str


class Person(NamedTuple):
    """Who looks at a page."""

    name: str
    entries: tuple[Entry, ...]
    sign_out: str
    """Where; empty where there is nothing to sign out of."""
    means: str
    """By which somebody is known who did not sign in with a form."""


def page(call: Call, template: str, **values: Any) -> flask.Response:
    """An answer that is a whole page.

    Args:
        call: the request.
        template: its name.
        values: that it shows.
    """
    text = flask.render_template(template, person=person(call), asset=_asset, **values)
    return _answer(text)


def fragment(template: str, tag: str, **values: Any) -> flask.Response:
    """A part of a page that is asked for again and again; nothing, where the asker has it.

    Args:
        template: its name.
        tag: of `tag_of`, known before anything is rendered.
        values: that it shows.
    """
    if is_known(tag):
        return unchanged(tag)
    response = _answer(flask.render_template(template, etag=tag, **values))
    response.headers["ETag"] = tag
    return response


def is_known(tag: str) -> bool:
    """Whether the asker has what this entity tag is of."""
    return tag.strip('"') in flask.request.if_none_match


def unchanged(tag: str) -> flask.Response:
    """The answer to somebody who has it."""
    return flask.Response(status=304, headers={"ETag": tag})


def see(location: str) -> flask.Response:
    """Send the visitor on, after a change or to where something is shown (RFC 9110, 15.4.4)."""
    return flask.Response(status=303, headers={"Location": location})


def tag_of(*parts: object) -> str:
    """An entity tag (RFC 9110, 8.8.3) of everything that a part of a page shows."""
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"'


def problem_page(told: Told) -> str:
    """The page of something that went wrong, also for those whom nobody knows."""
    from sciportal.jobs.web.app import current

    try:
        who = person(current())
    except ProblemError:
        who = None
    return flask.render_template("problem.html", told=told, person=who, asset=_asset)


def person(call: Call) -> Person:
    """Who looks, and where they may go."""
    identity, settings = call.identity, call.web.portal.settings
    entries = [Entry("pages.home", "Applications"), Entry("list_jobs_page", "Jobs")]
    if settings.services and identity.user:
        entries.append(Entry("pages.services", "Services"))
    if identity.operator:
        entries.append(Entry("pages.operators", "Operators"))
    return Person(identity.user, tuple(entries), *_way_out(identity))


def _way_out(identity: Identity) -> tuple[str, str]:
    if identity.source == _BY_FORM:
        return _SIGN_OUT, ""
    return "", identity.source


def _asset(name: str) -> str:
    return flask.url_for("pages.static", filename=name)


def _answer(text: str) -> flask.Response:
    return flask.Response(text, mimetype="text/html", headers={"Content-Security-Policy": _POLICY})

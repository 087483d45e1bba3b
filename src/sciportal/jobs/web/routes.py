"""What a route is. The same tables are the application's routes and its OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import flask

from sciportal.jobs.web.auth import Identity
from sciportal.jobs.web.web import Web
from sciportal.light import Enum, NamedTuple

Schema = Mapping[str, Any]


class Who(Enum):
    """Who may ask."""

    VISITOR = "visitor"
    """A person or a program of theirs; an unnamed one where the site lets them in."""
    WORKER = "worker"
    ANYONE = "anyone"


class Call(NamedTuple):
    """A request, and who asks."""

    web: Web
    request: flask.Request
    identity: Identity
    worker: str
    """Name of the worker that asks; empty for others."""


class Answer(NamedTuple):
    """What an action says; `body` becomes JSON."""

    body: Any
    status: int = 200
    location: str = ""
    """A path of what was made; where a page's form asked, the visitor is sent there."""
    headers: Mapping[str, str] = {}


Action = Callable[..., Answer | flask.Response]
"""Called with the Call, and with the values in the path by name."""


class Route(NamedTuple):
    """A path and a method, and what they do."""

    name: str
    """With which pages are registered, and the document's operationId."""
    method: str
    path: str
    """In Werkzeug's form and without suffix, see `formed`."""
    action: Action
    summary: str
    gives: Schema
    """JSON Schema of the answer."""
    takes: Mapping[str, Schema] = {}
    """JSON Schemas of the body by media type."""
    who: Who = Who.VISITOR
    formed: bool = True
    """Whether it is JSON and a page, at PATH.json, PATH.html and PATH; else it is at PATH only."""
    status: int = 200
    """Of success."""
    statuses: tuple[int, ...] = ()
    """Others of success."""
    headers: Mapping[str, Schema] = {}
    """What the request may say in headers."""
    queries: Mapping[str, Schema] = {}
    problems: tuple[int, ...] = ()
    """Statuses of problems beside those that any route may have."""

"""The OpenAPI document, made from the tables that the routes are made from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from sciportal.jobs.web import problems, schemas, serving
from sciportal.jobs.web.bodies import JSON
from sciportal.jobs.web.routes import Route, Who

VERSION = "3.1.0"
_ALWAYS = (400, 404, 405, 500, 503)
_OF_ROUTES = {
    Who.VISITOR: (401, 403),
    Who.WORKER: (401, 403),
    Who.ANYONE: (),
}
_VALUE = re.compile(r"<(?:(\w+)(?:\(([^)]*)\))?:)?(\w+)>")
_SECURITY: dict[Who, list[dict[str, list[str]]]] = {
    Who.VISITOR: [{"frontEnd": []}, {}],
    Who.WORKER: [{"worker": []}],
    Who.ANYONE: [{}],
}


def document(routes: Iterable[Route], base_url: str, version: str) -> dict[str, Any]:
    """The document (OpenAPI 3.1).

    Args:
        routes: all of the application.
        base_url: address, or path, below which they are.
        version: of the interface.
    """
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(path(route), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": VERSION,
        "info": {
            "title": "Job portal",
            "version": version,
            "description": "Submit jobs, watch them, fetch their results. Paths that end in .json"
            " have pages for people at .html; without a suffix the header Accept decides.",
        },
        "servers": [{"url": base_url or "/"}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": schemas.PROBLEM},
            "securitySchemes": {
                "frontEnd": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of the front end, which also signs people in.",
                },
                "worker": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def path(route: Route) -> str:
    """Where the document has a route."""
    return _VALUE.sub(r"{\3}", route.path) + (".json" if route.formed else "")


def _operation(route: Route) -> dict[str, Any]:
    answers: dict[str, Any] = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": _content(route),
        }
        for status in (route.status, *route.statuses)
    }
    for status in sorted({*_ALWAYS, *_OF_ROUTES[route.who], *route.problems}):
        answers[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {
                problems.MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}},
            },
        }
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [
            *_in_path(route.path),
            *_named(route.queries, "query"),
            *_named(route.headers, "header"),
        ],
        "responses": answers,
        "security": _SECURITY[route.who],
    }
    if route.takes:
        content = {media: {"schema": schema} for media, schema in route.takes.items()}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _content(route: Route) -> dict[str, Any]:
    if route.gives is serving.BYTES:
        return {"*/*": {}}
    return {JSON: {"schema": route.gives}}


def _in_path(pattern: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _schema(kind, arguments)}
        for kind, arguments, name in _VALUE.findall(pattern)
    ]


def _schema(kind: str, arguments: str) -> dict[str, Any]:
    if kind == "job":
        return schemas.JOB_ID
    if kind == "any":
        return {"type": "string", "enum": arguments.split(",")}
    return {"type": "string", "minLength": 1}


def _named(given: Any, place: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": place, "schema": schema} for name, schema in given.items()]

"""The OpenAPI document, and what comes of everything that it allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import flask
import hypothesis
import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from jsonschema import Draft202012Validator
from schemathesis import Case
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from sciportal.jobs.web import openapi, tables
from sciportal.jobs.web.routes import Route

Client = Callable[..., FlaskClient]
EXAMPLES = 12
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
"""Of an answer; that what the document forbids is refused is for the other tests to show."""


def test_every_route_is_in_the_document(client: Client, app: flask.Flask) -> None:
    document = client().get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    told = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    served = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint.endswith("_json") or rule.endpoint in {
            route.name for route in tables.all_routes() if not route.formed
        }:
            path = re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule)
            served |= {(method, path) for method in (rule.methods or ()) if method != "HEAD"}
    assert served == told
    for route in tables.all_routes():
        for schema in (route.gives, *route.takes.values(), *route.queries.values()):
            Draft202012Validator.check_schema(schema)


@pytest.fixture
def document(app: flask.Flask) -> schemathesis.schemas.BaseSchema:
    """The document, of the application that answers."""

    def behind_the_front_end(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return app.wsgi_app({**environ, "REMOTE_ADDR": "localhost"}, start_response)

    return schemathesis.openapi.from_wsgi("/openapi.json", behind_the_front_end)


@pytest.mark.more
@pytest.mark.parametrize("route", tables.all_routes(), ids=lambda route: route.name)
def test_nothing_that_is_sent_makes_it_fail(
    document: schemathesis.schemas.BaseSchema, worker: FlaskClient, client: Client, route: Route
) -> None:
    assert client().post("/jobs.json", json=SEED).status_code == 201
    operation = document[openapi.path(route)][route.method]
    base = {
        "X-Shib-Userid": "alice",
        "X-Identity-Source": "token",
        "Authorization": worker.environ_base["HTTP_AUTHORIZATION"],
    }

    @hypothesis.given(case=operation.as_strategy())
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    def ask(case: Case) -> None:
        case.headers.update(base)
        case.call_and_validate(checks=list(CHECKS))

    ask()


SEED = {"application": "greeting", "parameters": {"whom": "world"}}

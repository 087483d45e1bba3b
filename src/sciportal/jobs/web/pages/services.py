"""The page of one's services: what `sbatch-service` says of them, by the helper."""

from __future__ import annotations

from typing import Any, NamedTuple

import flask

from sciportal.jobs.accounts.account_map import HERE, AccountMap
from sciportal.jobs.accounts.client import Helper
from sciportal.jobs.turns import Turns
from sciportal.jobs.web import failures, problems
from sciportal.jobs.web.pages import owned, rendering
from sciportal.jobs.web.pages.owned import Origins, Owned
from sciportal.jobs.web.pages.terminal import plain
from sciportal.jobs.web.routes import Call
from sciportal.service import names
from sciportal.service.errors import BusyError, ServiceError

_LINES = 100
LOOK_SECONDS = 10.0
_ACT_SECONDS = 30.0
"""Stopping waits for the service's own end; an action that takes longer goes on by itself."""
AT_ONCE = 6
"""Visitors' commands that threads of the web server wait for."""
OF_ONE = 2
_DONE = {"start": "started", "stop": "stopped", "restart": "restarted"}


class Outcome(NamedTuple):
    """What came of an action."""

    text: str
    bad: bool


def view(call: Call) -> flask.Response:
    """The page; with `log` in the query the log of that service, too.

    Raises:
        ProblemError: there are no services here, or nobody is signed in.
    """
    _check(call)
    return _page(call, None)


def act(call: Call, service: str) -> flask.Response:
    """Start, stop or restart a service, and say what came of it.

    Raises:
        ProblemError: there is no such action or service.
    """
    _check(call)
    action = call.request.form.get("action", "")
    if action not in owned.VERBS or not names.is_service(service):
        raise problems.missing("this action on a service")
    try:
        results = owned.read(_ask(call, action, service))
    except ServiceError as error:
        return _page(call, Outcome(str(error), bad=True), error)
    failed = [
        each.get("message") for each in results if each.get("exit_code") and each.get("message")
    ]
    if failed:
        return _page(call, Outcome(f"{failed[0]!s:.1000}", bad=True))
    return _page(call, Outcome(f"{service} is being {_DONE[action]}.", bad=False))


def _check(call: Call) -> None:
    settings = call.web.portal.settings
    if not (settings.services and call.identity.user):
        raise problems.missing("the page of services")


def _page(
    call: Call, outcome: Outcome | None, failed: ServiceError | None = None
) -> flask.Response:
    problem, services = None, []
    try:
        services = _services(call)
    except ServiceError as error:
        problem = error
    response = rendering.page(
        call,
        "services.html",
        here="pages.services",
        services=services,
        problem=problem,
        outcome=outcome,
    )
    failed = failed or problem
    if failed:
        told = failures.problem(failed)
        response.status_code = told.status
        response.headers.extend(told.headers)
    elif outcome and outcome.bad:
        # An action that was refused meets a state that is against it (RFC 9110, 15.5.10).
        response.status_code = 409
    return response


def _services(call: Call) -> list[Owned]:
    settings = call.web.portal.settings
    origins = Origins(settings.services_url, settings.services_domain)
    found = [owned.owned(each, origins) for each in owned.read(_ask(call, "status"))]
    asked = call.request.args.get("log", "")
    return [_with_log(call, each) if each.name == asked else each for each in found]


def _with_log(call: Call, service: Owned) -> Owned:
    """The service with its log; one that cannot be read takes no service off the page."""
    try:
        said = _ask(call, "logs", service.name, lines=_LINES)
    except ServiceError as error:
        return service._replace(log="", no_log=f"{error.found}; {error.advice}.")
    return service._replace(log=plain(said) if isinstance(said, str) else "")


def _ask(call: Call, action: str, service: str = "", **more: Any) -> Any:
    """What `sbatch-service` says when the visitor's account calls it on this cluster."""
    settings = call.web.portal.settings
    helper = Helper(lambda: AccountMap.read(str(settings.accounts)), settings.helper)
    user = call.identity.user
    request = {"action": action, "name": service, **more}
    seconds = _ACT_SECONDS if action in owned.VERBS else LOOK_SECONDS
    with Turns(settings.state_dir / "turns" / "services", AT_ONCE, OF_ONE).turn(user) as turn:
        if turn is None:
            found = "as many requests for services as may be are being answered"
            raise BusyError("your services", found, "try again in some seconds")
        return helper.ask("service", user, HERE, request, seconds=seconds).given("said")

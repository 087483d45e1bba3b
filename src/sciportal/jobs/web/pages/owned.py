"""One's services, from what `sbatch-service --json` says (docs/developers/json.md).

The command ran as the account, so its words are as hostile as the account: each is checked here,
and what is not of the documented form is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sciportal.frontend.labels import label
from sciportal.jobs.web.pages.shown import Badge, Fact
from sciportal.service import names
from sciportal.service.endpoint import ACCESS
from sciportal.service.errors import ServiceError

SCHEMA = 1
_LONGEST = 100
MOST = 200
"""Services of an account that are shown."""
_BADGES = {
    "running": Badge("complete", "Running"),
    "pending": Badge("pending", "Waiting for a node"),
    "stopping": Badge("cancel", "Stopping"),
    "stopped": Badge("cancel", "Stopped"),
    "unknown": Badge("error", "Unknown"),
}
_TROUBLED = ("restarting", "gave up", "ended")
_PUBLIC, _USERS, _OWNER = ACCESS
_OPEN_TO = {
    _PUBLIC: "everybody",
    _USERS: "people who are signed in",
    _OWNER: "you alone",
}


class Verb(NamedTuple):
    """What can be done to a service."""

    name: str
    label: str


_START, _STOP, _RESTART = Verb("start", "Start"), Verb("stop", "Stop"), Verb("restart", "Restart")
VERBS = frozenset(each.name for each in (_START, _STOP, _RESTART))


class Owned(NamedTuple):
    """A service, as its owner sees it."""

    name: str
    state: Badge
    message: str
    bad: bool
    facts: tuple[Fact, ...]
    verbs: tuple[Verb, ...]
    log: str | None = None
    """The end of its log; None where it was not asked for."""
    no_log: str = "The log is empty."
    """What is said in place of an empty one."""


class Origins(NamedTuple):
    """Where the site's services are found; empty where the portal was not told."""

    public: str
    """Scheme and host of `/~ACCOUNT/`."""
    domain: str
    """Scheme, `//`, domain and port of the services for people who are signed in."""


def read(said: object) -> list[Mapping[str, Any]]:
    """The results in what the command said.

    Args:
        said: its JSON, decoded.

    Raises:
        ServiceError: the command itself failed, or said something else.
    """
    if not isinstance(said, dict) or said.get("schema") != SCHEMA:
        found = "sbatch-service gave no answer that the portal understands"
        raise ServiceError("your services", found, "use it on the login host, or ask the operators")
    error = said.get("error")
    if isinstance(error, dict):
        raise ServiceError("your services", _text(error, "message"), "mend that and try again")
    results = said.get("results")
    found_all = results if isinstance(results, list) else []
    return [
        each
        for each in found_all[:MOST]
        if isinstance(each, dict) and names.is_service(_text(each, "service"))
    ]


def owned(result: Mapping[str, Any], origins: Origins) -> Owned:
    """The service in a result.

    Args:
        result: of `read`.
        origins: of the site.
    """
    name, state, phase = (_text(result, key) for key in ("service", "state", "phase"))
    number = result.get("exit_code")
    bad = phase in _TROUBLED or number not in (0, 3)
    verbs = (_START,) if state == "stopped" else (_RESTART, _STOP)
    badge = _BADGES.get(state, _BADGES["unknown"])
    if state == "running" and phase in _TROUBLED:
        badge = Badge(
            "error", {"restarting": "Restarting", "gave up": "Gave up"}.get(phase, "Ended")
        )
    return Owned(name, badge, _text(result, "message"), bad, tuple(_facts(result, origins)), verbs)


def _facts(result: Mapping[str, Any], origins: Origins) -> list[Fact]:
    endpoint = result.get("endpoint")
    access = _text(endpoint, "access") if isinstance(endpoint, dict) else ""
    shown = []
    if access in ACCESS:
        account, service = _text(result, "account"), _text(result, "service")
        address = address_of(account, service, access, origins)
        if address:
            shown.append(Fact("Address", address, address))
        shown.append(Fact("Open to", _OPEN_TO[access]))
    since = _text(result, "since").replace("T", " ").removesuffix("Z")
    for title, words in (("Node", _text(result, "node")), ("Since", since)):
        if words:
            shown.append(Fact(title, words[:_LONGEST]))
    restarts = result.get("restarts")
    if isinstance(restarts, int) and restarts:
        shown.append(Fact("Started again", f"{restarts} times" if restarts > 1 else "once"))
    return shown


def address_of(account: str, service: str, access: str, origins: Origins) -> str:
    """The address of a service (docs/operators/identity.md); empty where it is not known.

    Args:
        account: whose it is.
        service: its name.
        access: who may use it.
        origins: of the site.
    """
    if not (names.is_account(account) and names.is_service(service)):
        return ""
    if access == _PUBLIC and origins.public:
        path = account if service == "apache" else f"{account}:{service}"
        return f"{origins.public}/~{path}/"
    scheme, mark, domain = origins.domain.partition("://")
    host = label(account, None)
    if access != _PUBLIC and mark and host:
        return f"{scheme}://{service}--{host}.{domain}/"
    return ""


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value[:2000] if isinstance(value, str) else ""

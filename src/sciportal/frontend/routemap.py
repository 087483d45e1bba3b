"""The maps that Apache reads (mod_rewrite, RewriteMap type txt): their text, both ways.

A line of the route map is `ACCOUNT:SERVICE ACCESS,PROTOCOL,NODE:PORT STARTED`. Apache takes the
first two words as key and value and leaves the third to us.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sciportal.frontend.labels import labels
from sciportal.frontend.routes import Route, is_host
from sciportal.service.endpoint import ACCESS, PROTOCOLS
from sciportal.service.names import is_account, is_service

_LINE = re.compile(
    r"([^\s:]+):([^\s:]+) ([a-z]+),([a-z]+),([^\s:]+):([1-9][0-9]{0,4}) (0|[1-9][0-9]{0,11})",
    re.ASCII,
)


def routes_text(routes: Iterable[Route]) -> str:
    """The route map."""
    return "".join(
        f"{route.account}:{route.service} {route.access},{route.protocol},{route.target}"
        f" {route.started}\n"
        for route in routes
    )


def parse_routes(text: str) -> list[Route]:
    """The routes of a map; what is not exactly a line of `routes_text` is none."""
    found = map(_parse_line, text.split("\n"))
    return [route for route in found if route]


def _parse_line(line: str) -> Route | None:
    parts = _LINE.fullmatch(line)
    if not parts:
        return None
    account, service, access, protocol, node, port, started = parts.groups()
    if not (is_account(account) and is_service(service) and is_host(node)):
        return None
    if access not in ACCESS or protocol not in PROTOCOLS or int(port) > 65535:
        return None
    return Route(account, service, access, protocol, node, int(port), int(started))


def accounts_text(accounts: Mapping[str, int | None]) -> str:
    """The map of the accounts that exist: `ACCOUNT LABEL`, `_` for one that has none.

    Args:
        accounts: their numbers by their names.
    """
    mine = {account: label for label, account in labels(accounts).items()}
    return "".join(
        f"{account} {mine.get(account, '_')}\n"
        for account in sorted(accounts)
        if is_account(account)
    )


def labels_text(accounts: Mapping[str, int | None]) -> str:
    """The map from the names of hosts to accounts: `LABEL ACCOUNT`."""
    return "".join(
        f"{label} {account}\n"
        for label, account in sorted(labels(accounts).items())
        if is_account(account)
    )

"""The virtual hosts that lead to services, and which services each of them sends requests to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from sciportal.frontend.routes import Route, is_host
from sciportal.service.endpoint import ACCESS
from sciportal.service.names import is_account, is_service

# Beside domains: names that no domain can have.
_NAME = re.compile(r"_[a-z]{1,32}", re.ASCII)


class Host(NamedTuple):
    """A virtual host, or some that send requests to the same services."""

    name: str
    access: frozenset[str]
    """Whose services it takes requests for."""
    service: tuple[str, str] | None = None
    """Account and name of the only one."""

    def routes(self, routes: Iterable[Route]) -> list[Route]:
        """Those of `routes` that it sends requests to."""
        return [
            route
            for route in routes
            if route.access in self.access
            and self.service in (None, (route.account, route.service))
        ]


def parse(text: str) -> Host:
    """The host that a word describes.

    Args:
        text: `_NAME=ACCESS,...` or, for a domain, `DOMAIN=ACCOUNT:SERVICE`, whose service has to be
            public.

    Raises:
        ValueError: it is neither.
    """
    name, equals, rest = text.partition("=")
    account, colon, service = rest.partition(":")
    access = frozenset(rest.split(","))
    if colon and is_host(name) and is_account(account) and is_service(service):
        return Host(name, frozenset({"public"}), (account, service))
    if equals and not colon and _NAME.fullmatch(name) and access <= set(ACCESS):
        return Host(name, access)
    raise ValueError(text)

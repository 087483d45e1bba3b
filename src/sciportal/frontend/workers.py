"""Proxy workers of Apache: what makes its connections to a service be used again.

A request to an address without a declared worker gets a connection of its own. A worker can be
declared only in the configuration, so each change is a graceful reload; and Apache searches
them one by one, so there must not be too many. The protocol uwsgi has one request a connection,
so that a worker of its own would bring nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sciportal.frontend.routes import Route

_HEADER = "# Written by `service-routes workers` from the route map. Changes are lost.\n"
_DECLARED = re.compile(r'^<Proxy "http://([a-z0-9.-]+:[0-9]{4,5})/">$', re.MULTILINE | re.ASCII)


class Limits(NamedTuple):
    """How much the declared workers may cost."""

    workers: int = 1000
    """Most workers that are declared for routes."""
    spare: int = 50
    """Most workers that stay declared after their service has gone: it often comes back to the
    same address, and then no reload is due."""
    stable: float = 10
    """Seconds for which a service must have run."""


def choose(
    declared: Sequence[str], routes: Iterable[Route], now: float, limits: Limits
) -> list[str]:
    """The addresses to declare; `declared` itself as long as no new one is due.

    Args:
        declared: the addresses that are declared now, in their order.
        routes: the routes that are there.
        now: in seconds since the epoch.
        limits: what to keep to. Of too many routes the oldest are declared.
    """
    stable = sorted(
        (
            route
            for route in routes
            if route.protocol == "http" and now - route.started >= limits.stable
        ),
        key=lambda route: (route.started, route.target),
    )
    wanted = list(dict.fromkeys(route.target for route in stable))[: limits.workers]
    if set(wanted) <= set(declared):
        return list(declared)
    gone = [target for target in declared if target not in set(wanted)]
    return wanted + gone[: limits.spare]


def text(targets: Iterable[str], ttl: int) -> str:
    """The declarations, as a file for Apache.

    Args:
        targets: addresses, `NODE:PORT`.
        ttl: seconds after which an idle connection is not used again; less than the services
            themselves keep one, or a request meets a connection that is being closed.
    """
    # retry=0: a service that comes up again is asked at once. upgrade: without it a declared
    # worker answers 502 to the handshake of a WebSocket.
    return _HEADER + "".join(
        f'<Proxy "http://{target}/">\n'
        f"    ProxySet enablereuse=on ttl={ttl} retry=0 upgrade=websocket\n"
        "</Proxy>\n"
        for target in targets
    )


def parse(declarations: str) -> list[str]:
    """The addresses in a file that `text` wrote."""
    return _DECLARED.findall(declarations)

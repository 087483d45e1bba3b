"""Proxy workers of Apache: what makes its connections to a service be used again.

A request to an address without a declared worker gets a connection of its own. A worker can be
declared only in the configuration, so each change is a graceful reload. Each is the only member
of a balancer of its own: Apache searches workers by comparing their whole names one by one, and
balancers by a number. Each virtual host makes all balancers that it can see, so it is given only
those that it sends requests to. The protocol uwsgi has one request a connection, so that a
worker of its own would bring nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sciportal.frontend.routes import Route

_HEADER = "# Written by `service-routes workers` from the route map. Changes are lost.\n"
_DECLARED = re.compile(
    r'^BalancerMember "balancer://w[0-9a-f]{32}" "http://([a-z0-9.-]+:[0-9]{4,5})" ',
    re.MULTILINE | re.ASCII,
)


class Limits(NamedTuple):
    """How much the declared workers may cost."""

    workers: int = 5000
    """Most workers that are declared for the routes of a virtual host."""
    spare: int = 50
    """Most workers that stay declared after their service has gone: it often comes back to the
    same address, and then no reload is due."""
    stable: float = 10
    """Seconds for which a service must have run."""


class Declarations(NamedTuple):
    """Two files: what a virtual host includes, and the map that it names."""

    text: str
    map_name: str
    map_text: str


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


def declarations(targets: Sequence[str], ttl: int, directory: Path, host: str) -> Declarations:
    """The declarations of a virtual host, as files for Apache.

    A process that goes on with the old configuration, until its last request has ended, has only
    the old workers. So the map that says which there are belongs to the configuration: it has a
    name of its own. That of a balancer is made from the address alone, so that it can never
    mean another address to another process.

    Args:
        targets: addresses, `NODE:PORT`.
        ttl: seconds after which an idle connection is not used again; less than the services
            themselves keep one, or a request meets a connection that is being closed.
        directory: of the files.
        host: what they are called by.
    """
    # To Apache, a host of digits only would be half an address.
    names = {target: f"w{_digest(target)}" for target in targets}
    # Asked for by what the map of routes says of a public service there, which is most of them.
    map_text = "".join(f"public,http,{target} {name}\n" for target, name in names.items())
    map_name = f"{host}-{_digest(map_text)}.map"
    # retry=0, status=+I: a service that comes up again is asked at once. upgrade: without it a
    # declared worker answers 502 to the handshake of a WebSocket.
    members = "".join(
        f'BalancerMember "balancer://{name}" "http://{target}"'
        f" enablereuse=on ttl={ttl} retry=0 status=+I upgrade=websocket\n"
        for target, name in names.items()
    )
    head = f'{_HEADER}RewriteMap workers "txt:{directory / map_name}"\n'
    return Declarations(head + members, map_name, map_text)


def parse(text: str) -> list[str]:
    """The addresses in a file that `declarations` made."""
    return _DECLARED.findall(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]

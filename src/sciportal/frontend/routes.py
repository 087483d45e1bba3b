"""Which requests go where: decided from the queue alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from sciportal.service.job import Job, State
from sciportal.service.names import is_account, service_of
from sciportal.service.site import Site

# What the front end can speak to a service.
PROTOCOLS = frozenset({"http", "uwsgi"})

# RFC 1123, section 2.1.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)


class Route(NamedTuple):
    """One service of one account, and where it listens."""

    account: str
    service: str
    access: str
    protocol: str
    node: str
    port: int
    started: int
    """When its job began to run, in seconds since the epoch."""

    @property
    def target(self) -> str:
        """The address that a request is sent to."""
        return f"{self.node}:{self.port}"


def is_host(name: str) -> bool:
    """Whether `name`, in lower case, has the form of a host's name."""
    return len(name) <= 253 and bool(_HOST.fullmatch(name))


def routes(jobs: Iterable[Job], site: Site) -> list[Route]:
    """The routes to the services that run, ordered by account and service.

    Of several jobs of one service, and of several services on one port of a node, the oldest
    is routed: Slurm's prolog lets that one run, too. The node is Slurm's own word, so a job of
    the service partition is on a node of that partition.

    Args:
        jobs: the queue, oldest first.
        site: whose partition and ports count.
    """
    services: set[tuple[str, str]] = set()
    targets: set[str] = set()
    found: list[Route] = []
    for job in jobs:
        service = service_of(job.name)
        if service is None or job.state is not State.RUNNING or job.partition != site.partition:
            continue
        if (job.user, service) in services:
            continue
        services.add((job.user, service))
        route = _route(job, service, site)
        if route and route.target not in targets:
            targets.add(route.target)
            found.append(route)
    return sorted(found)


def _route(job: Job, service: str, site: Site) -> Route | None:
    endpoint, node = job.endpoint, job.node.lower()
    if endpoint is None or endpoint.protocol not in PROTOCOLS:
        return None
    if not site.port_min <= endpoint.port <= site.port_max:
        return None
    if not is_account(job.user) or not is_host(node):
        return None
    return Route(
        account=job.user,
        service=service,
        access=endpoint.access,
        protocol=endpoint.protocol,
        node=node,
        port=endpoint.port,
        started=job.started,
    )

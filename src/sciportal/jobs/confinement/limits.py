"""Limits of resources, which a program and what it starts inherit."""

from __future__ import annotations

import resource
from typing import NamedTuple

from sciportal.service.errors import UsageError


class Limits(NamedTuple):
    """What a process may use; None for what it may use now."""

    cpu: int | None = None
    """Seconds of processor time; at the end of them SIGXCPU, five seconds later SIGKILL."""
    file_size: int | None = None
    """Bytes of a file; SIGXFSZ, and EFBIG where that is ignored."""
    processes: int | None = None
    """Processes and threads of the account on this host."""


_KINDS = {
    "cpu": (resource.RLIMIT_CPU, 5),
    "file_size": (resource.RLIMIT_FSIZE, 0),
    "processes": (resource.RLIMIT_NPROC, 0),
}


def impose(limits: Limits) -> None:
    """Set them for this process. Core dumps are none: they hold what a program had in memory.

    Raises:
        UsageError: a limit is higher than the one there is, which only root may raise.
    """
    for name, value in limits._asdict().items():
        if value is None:
            continue
        kind, grace = _KINDS[name]
        _soft, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY and value > hard:
            option = f"--{name.replace('_', '-')}"
            found = f"this session's own limit is {hard}"
            raise UsageError(f"limit a program by {option} {value}", found, "give a lower one")
        highest = value + grace
        if hard != resource.RLIM_INFINITY:
            highest = min(highest, hard)
        resource.setrlimit(kind, (value, highest))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

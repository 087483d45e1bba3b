"""Endpoints: where a service listens, written in the comment of its job.

Slurm is the registry: one squeue tells the front end and the guards who listens where.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PROTOCOLS = ("http", "uwsgi", "tcp")
ACCESS = ("public", "users", "owner")
MARK = "sbatch-service/1"

_COMMENT = re.compile(rf"{MARK} ([a-z]+) ([1-9][0-9]{{0,4}}) ([a-z]+)", re.ASCII)


class Endpoint(NamedTuple):
    """Protocol, TCP port and access class of a service that listens."""

    protocol: str
    port: int
    access: str

    def comment(self) -> str:
        """The job comment that announces this endpoint."""
        return f"{MARK} {self.protocol} {self.port} {self.access}"


def comment_of(endpoint: Endpoint | None) -> str:
    """The comment of a service's job; a service that does not listen still carries the mark."""
    return endpoint.comment() if endpoint else MARK


def parse_comment(comment: str) -> Endpoint | None:
    """The endpoint that `comment` announces, or None where it announces none.

    Anything but the exact form announces nothing: users can write this text.
    """
    found = _COMMENT.fullmatch(comment)
    if not found:
        return None
    protocol, port, access = found[1], int(found[2]), found[3]
    if protocol not in PROTOCOLS or access not in ACCESS or port > 65535:
        return None
    return Endpoint(protocol, port, access)

"""Endpoints: where a service listens, written in the comment of its job.

Slurm is the registry: one squeue tells the front end and the guards who listens where.
"""

from __future__ import annotations

from sciportal.light import NamedTuple

PROTOCOLS = ("http", "uwsgi", "tcp")
ACCESS = ("public", "users", "owner")
MARK = "sbatch-service/1"


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
    words = comment.split(" ")
    if len(words) != 4 or words[0] != MARK:
        return None
    protocol, port, access = words[1:]
    if protocol not in PROTOCOLS or access not in ACCESS or not _is_port(port):
        return None
    return Endpoint(protocol, int(port), access)


def _is_port(text: str) -> bool:
    digits = text.isascii() and text.isdigit() and text[0] != "0"
    return digits and len(text) <= 5 and int(text) <= 65535

"""A running instance of uwsgi: what it tells, and what it is told."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Callable
from typing import NamedTuple

from sciportal.apps.place import Place
from sciportal.service.errors import NotRunningError

_SECONDS = 10.0
_LIMIT = 1 << 24


class Worker(NamedTuple):
    """A process that answers requests."""

    pid: int
    accepting: bool
    """Its application is loaded."""
    going: bool
    """It is not needed for now; the process may still be there, and answer."""


class Instance(NamedTuple):
    """What uwsgi says of itself."""

    pid: int
    """Of its master."""
    workers: tuple[Worker, ...]
    """Those with a process."""


Ask = Callable[[Place], Instance | None]


def ask(place: Place) -> Instance | None:
    """The instance that runs; None where none answers."""
    said = bytearray()
    try:
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(_SECONDS)
            asked.connect(os.fspath(place.stats))
            while (part := asked.recv(1 << 16)) and len(said) < _LIMIT:
                said += part
        return understood(bytes(said))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def understood(said: bytes) -> Instance:
    """What uwsgi's statistics say.

    Raises:
        ValueError, KeyError, TypeError: they are none.
    """
    found = json.loads(said)
    workers = (
        Worker(int(each["pid"]), bool(each["accepting"]), each["status"] == "cheap")
        for each in found["workers"]
    )
    return Instance(int(found["pid"]), tuple(each for each in workers if each.pid > 0))


def tell(place: Place, order: str) -> None:
    """Write one letter to the master's fifo.

    Raises:
        NotRunningError: nobody reads it.
        OSError: it cannot be written.
    """
    try:
        fifo = os.open(place.fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno not in (errno.ENXIO, errno.ENOENT):
            raise
        raise NotRunningError(
            f"the application {place.name}", "it does not run", "start it first"
        ) from None
    try:
        os.write(fifo, order.encode())
    finally:
        os.close(fifo)

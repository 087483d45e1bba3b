"""A job's files, fetched from the portal and compared with what the order says of them."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO

from sciportal.jobs.order import InputFile, Order
from sciportal.jobs.script import WORK
from sciportal.jobs.worker import durable
from sciportal.jobs.worker.connection import DamagedError

_CHUNK = 1 << 20

Fetch = Callable[[InputFile, IO[bytes]], None]
"""Writes a file of the job's."""


def bring(order: Order, directory: Path, fetch: Fetch) -> None:
    """Make a job's directory anew, with all its files.

    Args:
        order: which files there are.
        directory: the job's, in which nothing has run yet.
        fetch: gets a file.

    Raises:
        UnknownError: a file did not come.
        DamagedError: it is not the one that the order means.
        RefusedError: the portal does not give it.
        OSError: it could not be written.
    """
    if directory.exists():
        shutil.rmtree(directory)
    work = directory / WORK
    for each in (directory, work):
        each.mkdir(mode=0o700)
    for file in order.files:
        path = work / file.name
        with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as into:
            fetch(file, into)
            into.seek(0)
            found = digest(into, file.size)
            os.fsync(into.fileno())
        if found != file.sha256:
            wanted = f"fetch {file.name} of job {order.job}"
            raise DamagedError(wanted, "it came damaged", "it is fetched again")
    durable.sync(work)
    durable.sync(directory.parent)


def digest(file: IO[bytes], size: int) -> str:
    """The SHA-256 of the next `size` bytes of a file, or of all there are, in hexadecimal."""
    sums = hashlib.sha256()
    while size and (data := file.read(min(_CHUNK, size))):
        sums.update(data)
        size -= len(data)
    return sums.hexdigest()

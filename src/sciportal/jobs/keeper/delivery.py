"""The results of a job, from where it ran to where the portal keeps them: whole, and once."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sciportal.jobs import exchange
from sciportal.jobs.queue.backend import Attempt, Collected
from sciportal.service.errors import NotRunningError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from sciportal.jobs.order import Order
    from sciportal.jobs.queue.backend import Backend

_NEW = ".new"


class Delivered(NamedTuple):
    """Results that are in their place."""

    digest: str
    """Of all of them."""
    usage: Mapping[str, Any]
    said: str
    """What became of them, for the status file."""


def deliver(backend: Backend, order: Order, results: Path, most: int) -> Delivered:
    """Copy the results of a job that ended, and remove its directory where it ran.

    Where it was cut short it can be called again: the results are whole as soon as they are in
    their place, and only then the directory is removed.

    Args:
        backend: where it ran.
        order: the job.
        results: the directory in which they are to be; whatever is there by now is whole.
        most: bytes that are kept.

    Raises:
        UnknownError: they cannot be had now.
    """
    collected = Collected()
    said = ""
    if not results.exists():
        draft = results.with_name(results.name + _NEW)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        limits = replace(order.limits, total_bytes=min(order.limits.total_bytes, most))
        try:
            collected = backend.collect(replace(order, limits=limits), draft)
        except NotRunningError as error:
            said = f"there are no results: {error.found}"
        _sync(draft)
        os.rename(draft, results)
        _sync(results.parent)
    backend.clean(Attempt.of(order))
    digest, number = _digest(results)
    said = said or f"{number} files copied back"
    return Delivered(digest, collected.usage, "; not copied: ".join([said, *collected.left_out]))


def _digest(results: Path) -> tuple[str, int]:
    told = []
    for path in sorted(results.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            told.append((str(path.relative_to(results)), path.stat().st_size, digest))
    return (exchange.digest(told) if told else ""), len(told)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

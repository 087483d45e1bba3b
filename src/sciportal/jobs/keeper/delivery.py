"""The results of a job, from where it ran to where the portal keeps them: whole, and once."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sciportal.jobs import exchange, failed_points
from sciportal.jobs.queue.backend import Attempt, Collected
from sciportal.service.errors import NotRunningError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sciportal.jobs.files import JobFiles
    from sciportal.jobs.order import Order
    from sciportal.jobs.queue.backend import Backend

_CHUNK = 1 << 18


class Delivered(NamedTuple):
    """Results that are in their place."""

    digest: str
    """Of all of them."""
    usage: Mapping[str, Any]
    said: str
    """What became of them, for the status file."""
    points_failed: Mapping[str, Any] = {}
    """See `failed_points`."""


def deliver(backend: Backend, order: Order, files: JobFiles, most: int) -> Delivered:
    """Copy the results of a job that ended, and remove its directory where it ran.

    Where it was cut short it can be called again: the results are whole as soon as they are in
    their place, and only then the directory is removed.

    Args:
        backend: where it ran.
        order: the job.
        files: where the results are to be; those that are there by now are whole.
        most: bytes that are kept.

    Raises:
        UnknownError: they cannot be had now.
        NoRoomError: the disk is full.
    """
    collected = Collected()
    said = ""
    if not files.has_results(order.job):
        limits = replace(order.limits, total_bytes=min(order.limits.total_bytes, most))
        with files.receive() as incoming:
            try:
                collected = backend.collect(replace(order, limits=limits), incoming.directory)
            except NotRunningError as error:
                said = f"there are no results: {error.found}"
            files.complete(incoming, order.job)
    backend.clean(Attempt.of(order))
    digest, number = _digest(files, order.job)
    said = said or f"{number} files copied back"
    said = "; not copied: ".join([said, *collected.left_out])
    return Delivered(digest, collected.usage, said, failed_points.of_results(files, order))


def _digest(files: JobFiles, job_id: int) -> tuple[str, int]:
    told = []
    for each in files.results(job_id):
        with files.open_result(job_id, each.path) as file:
            digest = hashlib.sha256()
            while data := file.read(_CHUNK):
                digest.update(data)
        told.append((each.path, each.size, digest.hexdigest()))
    return (exchange.digest(told) if told else ""), len(told)

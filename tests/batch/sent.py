"""One job, handed over by itself."""

from __future__ import annotations

from pathlib import Path

from sciportal.jobs.order import Order
from sciportal.jobs.queue.backend import Backend, Parcel
from sciportal.service.errors import ServiceError


def send(backend: Backend, order: Order, inputs: Path) -> str:
    """Hand a job over; the batch system's name for it.

    Args:
        backend: where it is to run.
        order: the job.
        inputs: the directory of its input files.

    Raises:
        ServiceError: what the batch system answers.
    """
    (said,) = backend.send([Parcel(order, inputs)])
    if isinstance(said, ServiceError):
        raise said
    return said

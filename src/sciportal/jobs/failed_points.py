"""Which points of a mapped job failed, as its results say."""

from __future__ import annotations

from typing import Any

from sciportal.jobs.errors import NoFileError
from sciportal.jobs.files import JobFiles
from sciportal.jobs.mapper import failures
from sciportal.jobs.order import Order
from sciportal.service.errors import UsageError

MOST = 20
"""That are kept beside the job, which lists read; its file of failures names more."""


def of_results(files: JobFiles, order: Order) -> dict[str, Any]:
    """What the results of a job say of failed points.

    Args:
        files: where the results are by now.
        order: of the job.

    Returns:
        What `failures.loads` gives, with MOST points at the most; empty where the job is not
        mapped, or its results do not say so in the mapper's form.
    """
    if order.map is None:
        return {}
    try:
        with files.open_result(order.job, failures.NAME) as file:
            said = failures.loads(file.read(failures.MOST_BYTES + 1))
    except (NoFileError, UsageError):
        # Killed before the end, not among its outputs, or written by the job itself.
        return {}
    return {**said, "failed": said["failed"][:MOST]}

"""The results of a job that ended, as they are sent."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

from sciportal.jobs import exchange, outputs
from sciportal.jobs.order import Order
from sciportal.jobs.outputs import Output
from sciportal.jobs.worker import inputs
from sciportal.jobs.worker.multipart import Part


class Results(NamedTuple):
    """What is sent."""

    parts: tuple[Part, ...]
    sha256: str
    """What tells them from any others; empty where there are none."""
    left_out: str
    """For people: what is not sent, and why; empty where all is."""


def of(directory: Path, order: Order, most: int) -> Results:
    """What a job has made.

    Args:
        directory: the job's.
        order: which says what its results are.
        most: bytes that are sent.

    Raises:
        OSError: they cannot be read.
    """
    found = outputs.find(str(directory), order.outputs, most)
    parts = tuple(_part(directory, each) for each in found.files)
    told = [(part.name, part.size, _digest(part)) for part in parts]
    return Results(parts, exchange.digest(told) if told else "", _listed(found.left_out))


def _listed(left_out: tuple[str, ...]) -> str:
    if not left_out:
        return ""
    more = f", and {len(left_out) - 3} more" if len(left_out) > 3 else ""
    return f"not sent: {', '.join(left_out[:3])}{more}"


def _part(directory: Path, output: Output) -> Part:
    return Part(output.name, partial(outputs.opened, str(directory), output.path), output.size)


def _digest(part: Part) -> str:
    with part.open() as file:
        return inputs.digest(file, part.size)

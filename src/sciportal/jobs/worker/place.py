"""Where jobs run: this host, or the cluster's own Slurm. And what a job's directory holds."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from sciportal.jobs import exits
from sciportal.jobs.accounts import sighting
from sciportal.jobs.exchange import MOST_REASON, Report
from sciportal.jobs.order import Order
from sciportal.jobs.script import EXIT, REASON, USAGE
from sciportal.jobs.states import Cause
from sciportal.jobs.worker.entry import Entry, Seen

_LARGEST = 1 << 16


class Place(Protocol):
    """What a worker needs of where jobs run. Each can be asked again without harm."""

    def look(self, entries: Sequence[Entry]) -> dict[str, Seen]:
        """What is to be seen of jobs, by their keys."""

    def start(self, entry: Entry, directory: Path) -> None:
        """Have a job run that was not started yet; it runs once, however often this is called.

        Raises:
            ServiceError: it was not started.
        """

    def end(self, entry: Entry, directory: Path) -> None:
        """Have a job end; it may take a while, and this be called again meanwhile."""


def left(directory: Path, order: Order) -> Report | None:
    """What a job that ended left behind; None where it left no exit code.

    Only what is outside of the directory in which it runs is read, which it cannot write.
    """
    code = sighting.code(_small(directory / EXIT).strip())
    if code is None:
        return None
    reason = why(directory) or exits.explain(code, order.limits)
    return Report(order.attempt, Cause.FINISHED, code, reason, _usage(directory))


def why(directory: Path) -> str:
    """Why a job was ended before its time, for people; empty where nobody wrote that down."""
    return _small(directory / REASON).strip()[:MOST_REASON]


def _usage(directory: Path) -> dict[str, float]:
    try:
        given = json.loads(_small(directory / USAGE))
        items = given.items()
    except (ValueError, AttributeError, RecursionError):
        return {}
    return {name: value for name, value in items if _is_number(value)}


def _is_number(value: object) -> bool:
    # JSON of Python has numbers that JSON has not.
    return isinstance(value, int | float) and math.isfinite(value)


def _small(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode(errors="replace")
    except OSError:
        return ""

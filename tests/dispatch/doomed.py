"""A worker that is killed at one moment: the first argument, `WHAT before` or `WHAT after`.

The rest are the arguments of sciportal-worker.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from sciportal.jobs.worker import cli, errands
from sciportal.jobs.worker.entry import Step
from sciportal.jobs.worker.ledger import Ledger
from sciportal.jobs.worker.portal import Portal
from sciportal.jobs.worker.processes import Processes

Name = Callable[..., str]


def _step(_self: Any, entry: Any) -> str:
    return f"put {entry.step.value}"


def _beat(_self: Any, beat: Any) -> str:
    return "announce" if any(each.started for each in beat.running) else ""


def _named(name: str) -> Name:
    return lambda *_given: name


PLACES: tuple[tuple[Any, str, Name], ...] = (
    (Ledger, "put", _step),
    (Ledger, "drop", _named("drop")),
    (Ledger, "request", _named("request")),
    (Ledger, "answered", _named("answered")),
    (Portal, "claim", _named("claim")),
    (Portal, "beat", _beat),
    (Portal, "fetch", _named("fetch")),
    (Portal, "post", _named("post")),
    (Processes, "start", _named("start")),
    (errands, "remove", _named("remove")),
)
WHATS = (
    *(f"put {step.value}" for step in Step),
    *("drop", "request", "answered", "claim", "announce", "fetch", "post", "start", "remove"),
)
MOMENTS = tuple(f"{what} {when}" for what in WHATS for when in ("before", "after"))


def _doom(owner: Any, attribute: str, name: Name, moment: str) -> None:
    real = getattr(owner, attribute)

    def dying(*given: Any) -> Any:
        what = name(*given)
        if moment == f"{what} before":
            os.kill(os.getpid(), signal.SIGKILL)
        came = real(*given)
        if moment == f"{what} after":
            os.kill(os.getpid(), signal.SIGKILL)
        return came

    setattr(owner, attribute, dying)


def main() -> int:
    """Be the worker, until the moment comes."""
    for place in PLACES:
        _doom(*place, sys.argv[1])
    return cli.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())

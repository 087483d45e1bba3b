"""Kills a process of its own at a step: at a function, or at a line, that it comes to first."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

CALLS, LINES = "call", "line"


class Tracer:
    """Counts the steps of this process, and kills it at one of them.

    Args:
        files: parts of the paths of the files that have the steps.
        kind: CALLS or LINES; each counts when it is come to for the first time.
        last: the number of the step before which it is killed; 0 for none.
    """

    def __init__(self, files: Sequence[str], kind: str, last: int) -> None:
        self._files = files
        self._kind = kind
        self._last = last
        self._seen: set[tuple[str, int]] = set()

    def __call__(self, frame: FrameType, event: str, _given: object) -> Any:
        """See sys.settrace."""
        path = frame.f_code.co_filename
        if not any(each in path for each in self._files):
            return None
        place = (path, frame.f_lineno)
        if event == self._kind and place not in self._seen:
            self._seen.add(place)
            if len(self._seen) == self._last:
                os.kill(os.getpid(), signal.SIGKILL)
        return self if self._kind == LINES else None


def run(action: Callable[[], None], files: Sequence[str], kind: str, last: int) -> bool:
    """Do something in a process of its own, which is killed at a step.

    Args:
        action: what it does.
        files: see `Tracer`, as for the others.
        kind: of the steps.
        last: the step.

    Returns:
        Whether it came so far as to be killed.
    """
    child = os.fork()
    if not child:
        code = 1
        try:
            tracer = Tracer(files, kind, last)
            threading.settrace(tracer)
            sys.settrace(tracer)
            action()
            code = 0
        finally:
            sys.settrace(None)
            if code:
                sys.excepthook(*sys.exc_info())
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    return status < 0


def lines(path: Path) -> list[str]:
    """The lines of a file; none where there is none."""
    return path.read_text().splitlines() if path.exists() else []

"""A process that evaluates points for another one: as seen from inside, and from outside."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import util
from typing import TYPE_CHECKING, Any

from sciportal.jobs.mapper.outcome import Outcome

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext

_PR_SET_PDEATHSIG = 1
_LONGEST_ERROR = 500
_END_SECONDS = 2.0

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Point:
    """One set of arguments."""

    index: int
    arguments: tuple[Any, ...]


def serve(function: Function, connection: Connection, parent: int) -> None:
    """Evaluate the chunks that come, until there is no more.

    Args:
        function: is called with a point's arguments.
        connection: brings lists of points and takes an outcome each.
        parent: the process at the other end, with which this one ends.
    """
    # What evaluates for hours would not notice that nobody waits for it.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _leave_to_parent(signal.SIGTERM)
    with suppress(EOFError):
        while chunk := connection.recv():
            for point in chunk:
                _answer(function, point, connection)


def _leave_to_parent(number: int) -> None:
    """Have a signal end this process only by way of its parent.

    Slurm ends a task by a signal to each of its processes, in any order. Would that end this one
    before its parent, the parent would take it for a failure of the point. A handler that does
    nothing, since programs that the function runs do not inherit it, as they would what is ignored.
    """
    signal.signal(number, lambda *_: None)
    os.register_at_fork(after_in_child=partial(signal.signal, number, signal.SIG_DFL))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})


def _answer(function: Function, point: Point, connection: Connection) -> None:
    try:
        connection.send(Outcome(point.index, function(*point.arguments)))
    # A function that calls sys.exit has failed for this point, no more.
    except (Exception, SystemExit) as error:
        connection.send(Outcome(point.index, None, said_by(error)))


def said_by(error: BaseException) -> str:
    """An exception in one line."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text[:_LONGEST_ERROR].removesuffix(":")


class Evaluator:
    """Such a process, for who gives it points.

    Args:
        function: what it evaluates.
        context: how processes are started.

    Raises:
        OSError: there can be no more processes.
    """

    def __init__(self, function: Function, context: BaseContext) -> None:
        self.connection, theirs = context.Pipe()
        # `daemon` has it ended where we end by an error.
        self._process = context.Process(  # type: ignore[attr-defined]  # of each real context
            target=serve, args=(function, theirs, os.getpid()), daemon=True
        )
        # Unblocked by `serve`, when it has its handler.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        # At our exit `daemon` asks by a signal that it leaves to us, and waits.
        util.Finalize(self, self._process.kill, exitpriority=0)
        theirs.close()
        self._left: deque[Point] = deque()
        self._since = 0.0

    def give(self, chunk: list[Point]) -> None:
        """Have it evaluate points, when it has ended all others."""
        self._left.extend(chunk)
        self._since = time.monotonic()
        # One that has just died is noticed when its answer is awaited.
        with suppress(BrokenPipeError):
            self.connection.send(chunk)

    @property
    def is_busy(self) -> bool:
        """Whether it has points."""
        return bool(self._left)

    def deadline(self, seconds: float) -> float:
        """When its point is to be ended, if each may take so long; by time.monotonic."""
        return self._since + seconds

    def take(self) -> Outcome | None:
        """What it says next; None where it has died, or says what makes no sense."""
        try:
            outcome = self.connection.recv()
        # The function may have written into the connection, and so anything may come.
        except Exception:
            return None
        if not isinstance(outcome, Outcome) or outcome.index != self._left[0].index:
            return None
        self._left.popleft()
        self._since = time.monotonic()
        return outcome

    def bury(self, reason: str = "") -> tuple[Outcome | None, list[Point]]:
        """End it for good, and tell what it leaves.

        Args:
            reason: why its point failed; without it, how the process ended.

        Returns:
            What became of the point that it was at, and the points that it had not begun.
        """
        self._process.join(0 if reason else _END_SECONDS)
        if self._process.is_alive():
            reason = reason or "it closed the connection of its process"
            self._process.kill()
            self._process.join()
        left = list(self._left)
        self._close()
        if not left:
            return None, []
        return Outcome(left[0].index, None, reason or self._ending()), left[1:]

    def dismiss(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.join(_END_SECONDS)
        self._close()

    def _close(self) -> None:
        self.connection.close()
        self._left.clear()

    def _ending(self) -> str:
        code: int = self._process.exitcode
        if code >= 0:
            return f"its process ended with exit status {code}"
        return f"its process was ended by signal {-code} ({signal.Signals(-code).name})"

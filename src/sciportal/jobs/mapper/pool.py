"""A pool of processes on one machine, which gets through points that end its processes."""

from __future__ import annotations

import time
from collections import deque
from multiprocessing import connection as connections
from typing import TYPE_CHECKING

from sciportal.jobs.mapper.evaluator import Evaluator, Function, Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.context import BaseContext

    from sciportal.jobs.mapper.outcome import Outcome


class Pool:
    """Processes that evaluate one function.

    Args:
        function: what they call with a point's arguments.
        workers: how many processes there are at most.
        context: how they are started.
        seconds: how long a point may take; without it, for ever.
        fresh: whether each chunk gets a process of its own.
    """

    def __init__(
        self,
        function: Function,
        workers: int,
        context: BaseContext,
        *,
        seconds: float | None = None,
        fresh: bool = False,
    ) -> None:
        self._function = function
        self._workers = workers
        self._context = context
        self._seconds = seconds
        self._fresh = fresh
        self._chunks: deque[list[Point]] = deque()
        self._there: list[Evaluator] = []

    def run(self, chunks: Iterable[list[Point]]) -> Iterator[Outcome | None]:
        """Evaluate chunks; outcomes in the order in which they come.

        None comes where nothing did for a second, so that who waits can give up. A process that
        dies takes only the point with it that it was at; others of its chunk go to another one.
        """
        self._chunks.extend(chunks)
        try:
            while self._chunks or any(each.is_busy for each in self._there):
                self._assign()
                yield from self._hear()
        finally:
            for each in self._there:
                each.dismiss()
            self._there.clear()

    def _assign(self) -> None:
        idle = [each for each in self._there if not each.is_busy]
        if self._fresh:
            for each in idle:
                self._there.remove(each)
                each.dismiss()
            idle = []
        while self._chunks and (idle or len(self._there) < self._workers):
            if not idle:
                idle.append(Evaluator(self._function, self._context))
                self._there.append(idle[0])
            idle.pop().give(self._chunks.popleft())

    def _hear(self) -> Iterator[Outcome | None]:
        busy = {each.connection: each for each in self._there if each.is_busy}
        ready = connections.wait(list(busy), self._patience(busy.values()))
        for each in [busy[one] for one in ready]:  # type: ignore[index]  # only ours were waited for
            outcome = each.take()
            if outcome is not None:
                yield outcome
            else:
                yield from self._replace(each)
        yield from self._end_slow()
        if not ready:
            yield None

    def _patience(self, busy: Iterable[Evaluator]) -> float:
        if self._seconds is None:
            return 1.0
        ends = min(each.deadline(self._seconds) for each in busy)
        return min(1.0, max(0.0, ends - time.monotonic()))

    def _end_slow(self) -> Iterator[Outcome]:
        if self._seconds is None:
            return
        for each in [each for each in self._there if each.is_busy]:
            if time.monotonic() > each.deadline(self._seconds) and not each.connection.poll():
                yield from self._replace(each, f"it took longer than {self._seconds:g} s")

    def _replace(self, dead: Evaluator, reason: str = "") -> Iterator[Outcome]:
        self._there.remove(dead)
        outcome, left = dead.bury(reason)
        if left:
            self._chunks.appendleft(left)
        if outcome is not None:
            yield outcome

"""Mapper: evaluates a function for many points, as concurrent.futures.Executor.map does.

Unlike there, a point that fails does not hide the others, and neither does one that ends its
process: it is evaluated once more, alone in a new process, when all others are done, and is named
if it fails again.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import TYPE_CHECKING, Any

from sciportal.jobs.mapper.evaluator import Function, Point
from sciportal.jobs.mapper.outcome import Failure, Outcome, PointError
from sciportal.jobs.mapper.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Mapper:
    """A way to evaluate functions on the processors of this machine.

    Args:
        workers: how many processes; without it, as many as there are processors for this process.
        retries: how often a point that failed is evaluated again, alone.
        seconds: how long a point may take before its process is ended; without it, for ever.
        start: how processes are started, "fork", "spawn" or "forkserver", see multiprocessing. With
            "fork" the function may be any, with the others it has to be importable.

    Raises:
        ValueError: a number is out of its bounds, or there is no such way to start.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        retries: int = 1,
        seconds: float | None = None,
        start: str = "fork",
    ) -> None:
        if workers is not None and workers < 1:
            raise ValueError(f"{workers} workers: give 1 or more")
        if retries < 0 or (seconds is not None and seconds <= 0):
            raise ValueError("retries are 0 or more, seconds more than 0")
        self._workers = workers or len(os.sched_getaffinity(0))
        self._retries = retries
        self._seconds = seconds
        self._context = multiprocessing.get_context(start)

    def map(
        self,
        function: Function,
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Results:
        """Evaluate `function` for what the iterables hold, taken together as by zip.

        Args:
            function: is called with one value of each.
            iterables: are read at once.
            timeout: seconds after which waiting for a result raises TimeoutError.
            chunksize: how many points are given to a process at a time.

        Returns:
            An iterator over the results, in the order of the points. Work goes on while it
            is asked.

        Raises:
            ValueError: chunksize is less than 1.
        """
        if chunksize < 1:
            raise ValueError(f"chunksize {chunksize}: give 1 or more")
        points = [Point(*pair) for pair in enumerate(zip(*iterables))]  # noqa: B905  # as Executor
        return Results(self, function, points, chunksize, timeout)

    def outcomes(
        self,
        function: Function,
        points: Sequence[Point],
        chunksize: int = 1,
        *,
        fresh: bool = False,
    ) -> Iterator[Outcome | None]:
        """Evaluate points; what became of each, in the order in which they end.

        What failed is evaluated again before it comes. None comes where nothing did for a second.

        Args:
            function: is called with a point's arguments.
            points: all of them.
            chunksize: how many are given to a process at a time.
            fresh: whether each chunk gets a process of its own, as those do that are retried.
        """
        left = {point.index: point for point in points}
        for attempt in range(self._retries + 1):
            size = 1 if attempt else chunksize
            again = list(left.values())
            pool = Pool(
                function,
                self._workers,
                self._context,
                seconds=self._seconds,
                fresh=fresh or bool(attempt),
            )
            chunks = [again[first : first + size] for first in range(0, len(again), size)]
            for outcome in pool.run(chunks):
                if outcome is None or not outcome.error or attempt == self._retries:
                    yield outcome
                if outcome is not None and not outcome.error:
                    del left[outcome.index]

    @property
    def attempts(self) -> int:
        """How often a point is evaluated before it has failed."""
        return self._retries + 1


class Results:
    """The results of a call of Mapper.map, in the order of the points.

    Made by Mapper.map. An iterator that raises PointError in the place of a point that failed, and
    can be asked for the next one after that.
    """

    def __init__(
        self,
        mapper: Mapper,
        function: Function,
        points: Sequence[Point],
        chunksize: int,
        timeout: float | None,
    ) -> None:
        self._points = points
        self._attempts = mapper.attempts
        self._outcomes = mapper.outcomes(function, points, chunksize)
        self._there: dict[int, Outcome] = {}
        self._next = 0
        self._timeout = timeout
        self._end = None if timeout is None else time.monotonic() + timeout
        self.failures: list[Failure] = []
        """The points that failed, as far as it was iterated."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._next == len(self._points):
            self.close()
            raise StopIteration
        outcome = self._wait(self._next)
        self._next += 1
        if not outcome.error:
            return outcome.value
        arguments = self._points[outcome.index].arguments
        point = arguments[0] if len(arguments) == 1 else arguments
        failure = Failure(outcome.index, point, outcome.error, self._attempts)
        self.failures.append(failure)
        raise PointError(failure)

    def gather(self, default: Any = None) -> list[Any]:
        """All results that are left, with `default` in the place of each point that failed.

        Raises:
            TimeoutError: see Mapper.map.
        """
        values = []
        while True:
            try:
                values.append(next(self))
            except PointError:
                values.append(default)
            except StopIteration:
                return values

    def close(self) -> None:
        """End the processes; results that were not asked for are lost."""
        self._outcomes.close()  # type: ignore[attr-defined]  # it is a generator

    def _wait(self, index: int) -> Outcome:
        while index not in self._there:
            if self._end is not None and time.monotonic() > self._end:
                self.close()
                raise TimeoutError(f"point {index} has no result after {self._timeout} s")
            outcome = next(self._outcomes)
            if outcome is not None:
                self._there[outcome.index] = outcome
        return self._there.pop(index)

"""Evaluates the points of a task, and gathers what all did; in the working directory."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sciportal.jobs.mapper import failures, npy, records
from sciportal.jobs.mapper.evaluator import Point
from sciportal.jobs.mapper.mapper import Mapper
from sciportal.jobs.mapper.outcome import Failure, Outcome
from sciportal.jobs.mapper.tasks import GATHER, Tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sciportal.jobs.mapper.evaluator import Function

RESULTS = "results.json"
ARRAY = "results.npy"
POOL = "pool"
_MISSING = "the task that was to evaluate it ended before"
_NAMED = 20
_TELL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Mapping:
    """A function, and the points for which it is evaluated.

    Args:
        function: is called with one point.
        points: all of them.
        tasks: how they are shared out.
        workers: how many processes a task has.
        seconds: how long a point may take; None for ever.
    """

    function: Function
    points: Sequence[Any]
    tasks: Tasks
    workers: int
    seconds: float | None

    def evaluate(self, name: str, indices: Iterable[int], *, alone: bool = False) -> None:
        """Evaluate points that the record of that name has no outcome of, and write it down there.

        Args:
            name: of the record.
            indices: the points.
            alone: each in a new process.

        Raises:
            OSError: the record cannot be written.
        """
        record = records.Record(name)
        done = records.read(name)
        left = [Point(index, (self.points[index],)) for index in indices if index not in done]
        size = 1 if alone else max(1, min(self.tasks.chunk, len(left) // (4 * self.workers)))
        mapper = Mapper(self.workers, retries=0, seconds=self.seconds)
        number = 0
        told = time.monotonic()
        for outcome in mapper.outcomes(self.function, left, size, fresh=alone):
            if outcome is not None:
                record.add(outcome)
                number += 1
            if number == len(left) or time.monotonic() > told + _TELL_SECONDS:
                say(f"{name}: {number} of {len(left)} points")
                told = time.monotonic()
        record.close()

    def gather(self) -> list[Failure]:
        """Evaluate alone what failed or was not done, and write all results, in order.

        Returns:
            The points that failed again.

        Raises:
            OSError: the results cannot be written.
        """
        found = self._found()
        again = [index for index, outcome in enumerate(found) if outcome.error]
        if again:
            say(f"{len(again)} points are evaluated again, each alone")
            self.evaluate(GATHER, again, alone=True)
        retried = records.read(GATHER)
        final = [retried.get(each.index, each) if each.error else each for each in found]
        failed = [
            Failure(last.index, self.points[last.index], last.error, 2 - (first.error == _MISSING))
            for first, last in zip(found, final, strict=True)
            if last.error
        ]
        values = [None if each.error else each.value for each in final]
        _write(RESULTS, json.dumps(values).encode())
        array = npy.write(values)
        if array is not None:
            _write(ARRAY, array)
        _write(failures.NAME, failures.dumps(len(values), failed).encode())
        for failure in failed[:_NAMED]:
            say(str(failure))
        say(f"{len(values) - len(failed)} of {len(values)} points have results")
        return failed

    def _found(self) -> list[Outcome]:
        """What the tasks, or the pool, made of each point."""
        pooled = records.read(POOL)
        found: list[Outcome] = []
        for task in range(self.tasks.number):
            done = pooled | records.read(str(task))
            span = self.tasks.span(task)
            lost = len([index for index in span if index not in done])
            if lost:
                say(f"task {task} ended before {lost} of its {len(span)} points were done")
            found += [done.get(index, Outcome(index, None, _MISSING)) for index in span]
        return found


def say(text: str) -> None:
    """Tell who follows the job's log."""
    print(f"sciportal-map: {text}", file=sys.stderr, flush=True)


def _write(name: str, data: bytes) -> None:
    draft = f".{name}.{os.getpid()}"
    with open(draft, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, name)

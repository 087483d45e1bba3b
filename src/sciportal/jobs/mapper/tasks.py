"""How the points of a mapped job are shared out among the tasks of a job array.

A mapped job is one batch script, submitted twice under one name: as an array of so many tasks,
`sbatch --array=TASKS.array`, and, without an array, as what gathers the results once all tasks have
ended in whatever way, `sbatch --dependency=afterany:ARRAY`. The script says in `VARIABLE` which of
them it is: `VARIABLE=${SLURM_ARRAY_TASK_ID:-gather}`. Where it is not set, as on a machine without
Slurm, one process pool does everything. The job's own script is the same in all three cases: it
calls `sciportal-map`, which acts by that variable.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from sciportal.jobs.order import MOST_POINTS
from sciportal.service.errors import UsageError

VARIABLE = "SCIPORTAL_MAP_TASK"
"""The environment's name for the number of the task, or GATHER."""
GATHER = "gather"
CHUNK = "SCIPORTAL_MAP_CHUNK"
"""The environment's name for the points of a task."""
PROGRAM = "SCIPORTAL_MAP"
"""The environment's name for the path of `sciportal-map`, which no PATH needs to have."""

# Slurm's MaxArraySize is 1001 unless a site says otherwise.
_MOST_TASKS = 1000


class Tasks(NamedTuple):
    """The tasks of a mapped job."""

    points: int
    chunk: int
    """How many points a task evaluates; the last one perhaps fewer."""

    @property
    def number(self) -> int:
        """How many tasks there are."""
        return -(-self.points // self.chunk)

    @property
    def array(self) -> str:
        """What sbatch is told with --array."""
        return f"0-{self.number - 1}"

    def span(self, task: int) -> range:
        """The points of a task, counted from 0.

        Raises:
            UsageError: there is no such task.
        """
        if not 0 <= task < self.number:
            raise UsageError(
                f"evaluate the points of task {task}",
                f"{self.points} points in chunks of {self.chunk} make {self.number} tasks",
                "submit the array with the same numbers as the job",
            )
        first = task * self.chunk
        return range(first, min(first + self.chunk, self.points))


def share(points: int, chunk: int) -> Tasks:
    """Share points out; chunks become larger where there would be more than 1,000 tasks.

    Args:
        points: how many there are, 1 to MOST_POINTS.
        chunk: how many a task is to evaluate, 1 or more.

    Raises:
        UsageError: a number is out of these bounds.
    """
    wanted = f"share out {points} points in chunks of {chunk}"
    if not 1 <= points <= MOST_POINTS:
        raise UsageError(wanted, "there are none or too many", f"give 1 to {MOST_POINTS} points")
    if chunk < 1:
        raise UsageError(wanted, "a chunk has no point", "give a chunk of 1 or more")
    return Tasks(points, max(min(chunk, points), -(-points // _MOST_TASKS)))


def options(program: str, chunk: int) -> tuple[str, ...]:
    """What `sciportal-confine` is to be told beside, for the script of a mapped job.

    Args:
        program: the path of `sciportal-map` on the host where it runs, PREFIX/bin/sciportal-map.
        chunk: how many points a task is to evaluate, as in the order.
    """
    prefix = os.path.dirname(os.path.dirname(program))
    named = (f"{PROGRAM}={program}", f"{CHUNK}={chunk}", VARIABLE)
    return ("--read", prefix, *(word for each in named for word in ("--env", each)))

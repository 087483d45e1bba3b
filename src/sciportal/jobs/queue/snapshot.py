"""The queue of this cluster, asked for once for all whose jobs are looked at."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from sciportal.service.errors import UnknownError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sciportal.service.job import Job
    from sciportal.service.slurm import Slurm

SECONDS = 2.0
"""How old it may be. What is still in it may have ended; what is not is asked for again."""

_Queue = dict[tuple[str, str], list["Job"]]


class Snapshot:
    """The queue as it was just now. Threads may share it: one asks, and the others wait for it.

    Args:
        slurm: is asked.
        clock: seconds that only grow.
    """

    def __init__(self, slurm: Slurm, clock: Callable[[], float] = time.monotonic) -> None:
        self._slurm = slurm
        self._clock = clock
        self._lock = threading.Lock()
        self._until = float("-inf")
        self._seen: _Queue | UnknownError = {}

    def queue(self) -> Mapping[tuple[str, str], list[Job]]:
        """The jobs by name and account: anybody may give theirs the name of another's.

        Raises:
            UnknownError: Slurm does not answer, or did not just now.
        """
        with self._lock:
            if self._clock() >= self._until:
                self._seen = self._asked()
                self._until = self._clock() + SECONDS
            seen = self._seen
        if isinstance(seen, UnknownError):
            raise UnknownError(seen.wanted, seen.found, seen.advice)
        return seen

    def _asked(self) -> _Queue | UnknownError:
        queue: _Queue = defaultdict(list)
        try:
            for job in self._slurm.jobs():
                queue[job.name, job.user].append(job)
        except UnknownError as error:
            return error
        return dict(queue)

"""Whom to leave alone for a while, because they did not answer, or were asked just now."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Whom = TypeVar("Whom")


class Patience(Generic[Whom]):
    """Remembers until when somebody is not asked; a restart forgets it. Threads may share it.

    Args:
        seconds: for how long.
        clock: seconds that only grow.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._until: dict[Whom, float] = {}
        self._lock = threading.Lock()

    def rest(self, whom: Whom) -> None:
        """Leave somebody alone from now on."""
        now = self._clock()
        with self._lock:
            self._until = {each: until for each, until in self._until.items() if until > now}
            self._until[whom] = now + self._seconds

    def rests(self, whom: Whom) -> bool:
        """Whether somebody is left alone."""
        return self._until.get(whom, 0.0) > self._clock()


class Absences:
    """How long jobs have been missing.

    Args:
        seconds: after which a job that is still missing is gone.
        clock: seconds that only grow.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._since: dict[Hashable, float] = {}

    def gone(self, job: Hashable) -> bool:
        """Note that a job is missing; whether it was already, and for long enough."""
        now = self._clock()
        return now - self._since.setdefault(job, now) >= self._seconds

    def seen(self, job: Hashable) -> None:
        """Note that a job is not missing."""
        self._since.pop(job, None)

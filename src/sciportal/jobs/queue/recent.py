"""What running jobs wrote, read once for all who watch them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciportal.jobs.queue.backend import Attempt, Tail

SECONDS = 2.0
"""How old a piece may be; pages ask as often."""
_MOST = 1000


class Tailing(Protocol):
    """Who can read what a running job has written, see `backend.Backend.tail`."""

    def tail(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail: ...


class RecentTails:
    """Reads again only what was not read just now.

    Reading costs processes of another account, and a page of a running job asks each few seconds.

    Args:
        backend: who reads.
        clock: seconds.
    """

    def __init__(self, backend: Tailing, clock: Callable[[], float] = time.monotonic) -> None:
        self._backend = backend
        self._clock = clock
        self._read: dict[tuple[Attempt, str, int, int], tuple[float, Tail]] = {}
        self._lock = threading.Lock()

    def tail(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail:
        """A piece of a job's output, at most `SECONDS` old.

        Args:
            attempt: the job.
            stream: `stdout` or `stderr`.
            start: the first byte; negative counts from the end.
            most: bytes.
        """
        key = (attempt, stream, start, most)
        with self._lock:
            held = self._read.get(key)
            if held and self._clock() - held[0] < SECONDS:
                return held[1]
        asked = self._clock()
        found = self._backend.tail(attempt, stream, start, most)
        with self._lock:
            self._read = {
                each: kept for each, kept in self._read.items() if asked - kept[0] < SECONDS
            }
            if len(self._read) < _MOST:
                self._read[key] = (asked, found)
        return found

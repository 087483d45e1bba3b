"""Turns at what takes long: few in all and few of each, for all threads and processes of a portal.

Nobody waits for a turn. Who has none is told at once, and keeps no thread of the web server busy.
A turn is the lock of a file (flock(2)), so it ends with the process that has it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

_LONGEST_REST = 600.0
"""Seconds; what says more was written before the clock was set back."""


class Turn:
    """A turn that is held.

    Args:
        whose: descriptor of the file of who has it.
        clock: seconds since 1970.
    """

    def __init__(self, whose: int, clock: Callable[[], float]) -> None:
        self._whose = whose
        self._clock = clock

    def rest(self, seconds: float) -> None:
        """Give the same one no turn in this place for so long, because this one was in vain."""
        _rest(self._whose, self._clock() + seconds)


class Turns:
    """Gives turns.

    Args:
        directory: of the files; made when it is needed.
        most: turns at once.
        most_each: of them for the same one.
        idle: how many times as long as a turn took its place is left empty afterwards, so that
            turns use a part of the machine only, however many want one.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        directory: Path,
        most: int,
        most_each: int = 1,
        idle: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._most = most
        self._most_each = most_each
        self._idle = idle
        self._clock = clock

    @contextmanager
    def turn(self, who: str) -> Iterator[Turn | None]:
        """A turn for `who`; None where there is none now."""
        digest = hashlib.sha256(who.encode(errors="replace")).hexdigest()[:32]
        with ExitStack() as held:
            whose = self._taken(held, (f"{digest}.{each}" for each in range(self._most_each)))
            place = None
            if whose is not None:
                place = self._taken(held, map(str, range(self._most)))
            if whose is None or place is None:
                yield None
                return
            began = self._clock()
            try:
                yield Turn(whose, self._clock)
            finally:
                if self._idle:
                    now = self._clock()
                    _rest(place, now + self._idle * max(now - began, 0.0))

    def _taken(self, held: ExitStack, names: Iterable[str]) -> int | None:
        """The first of these files that nobody has and that does not rest."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in names:
                flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                file = os.open(self._directory / name, flags, 0o600)
                if self._locked(file):
                    held.callback(os.close, file)
                    return file
                os.close(file)
        except OSError:
            # The disk is full: what takes long is left undone.
            return None
        return None

    def _locked(self, file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return not 0 < os.fstat(file).st_mtime - self._clock() <= _LONGEST_REST


def _rest(file: int, until: float) -> None:
    """The time of the file says until when it rests."""
    with suppress(OSError):
        os.utime(file, (until, until))

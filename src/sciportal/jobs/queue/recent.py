"""What running jobs wrote, read once for all who watch them, and never by too many at once.

Reading costs processes of another account, and each page of a running job asks every few seconds.
So there are few readings at once, one of a user's jobs, and who has no turn is given what was read
last, which is kept in files for all processes of the web server.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sciportal.jobs.queue.backend import Tail
from sciportal.service.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sciportal.jobs.queue.backend import Attempt
    from sciportal.jobs.turns import Turns

SECONDS = 2.0
"""How old a piece may be before it is read again; pages ask as often."""
MOST_SECONDS = 10.0
"""The same of a job that has written nothing for long."""
_QUIET = 5
"""A piece may have this part of the time for which nothing was written as its age."""
AFTER_SILENCE = 15.0
"""Seconds in which nothing is read of a user whose account did not answer."""
_KEPT_SECONDS = 600.0
_LOOK_SECONDS = 60.0


class Tailing(Protocol):
    """Who can read what a running job has written, see `backend.Backend.tail`."""

    def tail(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail: ...


class _Known(NamedTuple):
    """What was read."""

    tail: Tail
    at: float
    changed: float
    """Since when it is the same."""

    def fresh(self, now: float) -> bool:
        """Whether it need not be read again."""
        quiet = (now - self.changed) / _QUIET
        return 0 <= now - self.at < min(max(quiet, SECONDS), MOST_SECONDS)


class RecentTails:
    """Reads the outputs of jobs, as often as is good for the machine.

    Args:
        backend: who reads.
        directory: of the files; made when it is needed.
        turns: at reading.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        backend: Tailing,
        directory: Path,
        turns: Turns,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._backend = backend
        self._directory = directory
        self._turns = turns
        self._clock = clock
        self._looked = 0.0

    def tail(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail:
        """A piece of a job's output, or what is known of it where it cannot be read now.

        Args:
            attempt: the job.
            stream: `stdout` or `stderr`.
            start: the first byte; negative counts from the end.
            most: bytes.
        """
        # Ends alone are kept: there are few of them, and many places to begin at.
        kept = self._directory / f"{attempt.job}.{attempt.attempt}.{stream}.{-start}.{most}"
        known = _read(kept) if start < 0 else None
        if known and known.fresh(self._clock()):
            return known.tail
        begin = max(start, 0)
        last = known.tail if known else Tail(begin, begin, b"")
        with self._turns.turn(attempt.user) as turn:
            if turn is None:
                return last
            now = self._clock()
            try:
                found = self._backend.tail(attempt, stream, start, most)
            except ServiceError:
                # Where it runs does not answer, which is no fault of who asks.
                turn.rest(AFTER_SILENCE)
                return last
            if start < 0:
                same = known is not None and known.tail == found
                self._keep(kept, _Known(found, now, known.changed if known and same else now))
        return found

    def _keep(self, path: Path, known: _Known) -> None:
        with suppress(OSError):
            # Without room on the disk it is read again.
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._forget()
            fresh = path.with_name(f"{path.name}.fresh")
            with open(fresh, "wb") as file:
                said = {"size": known.tail.size, "start": known.tail.start}
                file.write(json.dumps({**said, "changed": known.changed}).encode() + b"\n")
                file.write(known.tail.data)
            os.utime(fresh, (known.at, known.at))
            fresh.rename(path)

    def _forget(self) -> None:
        """Remove what nobody has looked at for long, once in a while."""
        now = self._clock()
        if 0 <= now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        with os.scandir(self._directory) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    if now - entry.stat(follow_symlinks=False).st_mtime > _KEPT_SECONDS:
                        os.unlink(entry.path)


def _read(path: Path) -> _Known | None:
    try:
        with open(path, "rb") as file:
            at = os.fstat(file.fileno()).st_mtime
            said = json.loads(file.readline())
            tail = Tail(said["size"], said["start"], file.read())
            return _Known(tail, at, said["changed"])
    except (OSError, ValueError, KeyError, TypeError):
        # It is not there, or was cut short by a power cut.
        return None

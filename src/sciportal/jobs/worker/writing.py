"""What running jobs write, for the portal, which shows it to their owners."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from sciportal.jobs import outputs
from sciportal.jobs.exchange import MOST_END, MOST_WRITTEN, STREAMS, Written
from sciportal.jobs.worker.entry import Entry

# At a time; the directories may be on a file server.
_MOST_LOOKS = 256


class _Stamp(NamedTuple):
    """Tells whether a file was written since."""

    size: int
    modified: int
    """Nanoseconds since 1970."""


class Writing:
    """What has changed since the portal was told; those first that were not looked at for longest.

    Args:
        directory: where the job of a key is.
    """

    def __init__(self, directory: Callable[[str], Path]) -> None:
        self._directory = directory
        self._told: dict[tuple[str, str], _Stamp | None] = {}
        self._offered: dict[tuple[str, str], _Stamp] = {}

    def news(self, running: Iterable[Entry]) -> tuple[Written, ...]:
        """What is to be told now, at most MOST_WRITTEN of it.

        Args:
            running: the jobs that have started.
        """
        there = {(each.key, stream): each for each in running for stream in STREAMS}
        self._told = {each: stamp for each, stamp in self._told.items() if each in there}
        self._offered = {}
        found: list[Written] = []
        turns = [each for each in there if each not in self._told] + list(self._told)
        for each in turns[:_MOST_LOOKS]:
            told = self._told[each] = self._told.pop(each, None)
            stamp = _stamp(self._directory(each[0]) / each[1])
            if stamp not in (None, told):
                self._offer(found, each, there[each])
            if len(found) == MOST_WRITTEN:
                break
        return tuple(found)

    def told(self) -> None:
        """The portal has what `news` gave last."""
        self._told.update(self._offered)

    def _offer(self, found: list[Written], each: tuple[str, str], entry: Entry) -> None:
        key, stream = each
        try:
            with outputs.opened(str(self._directory(key)), stream) as file:
                status = os.fstat(file.fileno())
                file.seek(max(status.st_size - MOST_END, 0))
                end = file.read(MOST_END)
                size = file.tell()
        except OSError:
            # Removed meanwhile, or no plain file.
            return
        order = entry.order
        found.append(Written.of(order.job, order.attempt, stream, size, end))
        self._offered[each] = _Stamp(status.st_size, status.st_mtime_ns)


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return _Stamp(status.st_size, status.st_mtime_ns)

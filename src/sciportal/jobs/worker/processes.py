"""Jobs as processes of this host, each under a runner of its own that outlives the worker."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import sciportal
from sciportal.jobs.script import EXIT
from sciportal.jobs.worker import leftovers
from sciportal.jobs.worker.entry import Entry, Seen
from sciportal.jobs.worker.runner import LIMITS, LOCK, SESSION, STARTED, Limits, boot

# struct flock of fcntl(2), 64 bit: type, whence, start, length, process.
_FLOCK = "hhqqi"
_PACKAGES = str(Path(sciportal.__file__).parents[1])
_RUNNER = ("-s", "-m", "sciportal.jobs.worker.runner")


class Processes:
    """See Place.

    Args:
        directory: gives a job's directory.
    """

    def __init__(self, directory: Callable[[Entry], Path]) -> None:
        self._directory = directory
        self._runners: dict[int, Path] = {}

    def look(self, entries: Sequence[Entry]) -> dict[str, Seen]:
        """See Place."""
        self._reap()
        begun = set(self._runners.values())
        places = ((entry.key, self._directory(entry)) for entry in entries)
        return {key: _seen(directory, begun=directory in begun) for key, directory in places}

    def start(self, entry: Entry, directory: Path) -> None:
        """See Place."""
        resources, limits = entry.order.resources, entry.order.limits
        given = Limits(resources.minutes * 60, limits.total_bytes)
        (directory / LIMITS).write_text(json.dumps(given._asdict()), encoding="utf-8")
        # The runner finds the package wherever this process found it.
        environment = {"PYTHONPATH": _PACKAGES, "PYTHONDONTWRITEBYTECODE": "1"}
        log = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(directory / "runner.log"), log, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        words = [sys.executable, *_RUNNER, str(directory)]
        runner = os.posix_spawn(
            words[0], words, environment, file_actions=actions, setsid=True, setsigmask=()
        )
        self._runners[runner] = directory

    def end(self, entry: Entry, directory: Path) -> None:
        """See Place."""
        del entry
        runner = _holder(directory)
        with suppress(ProcessLookupError):
            held = os.pidfd_open(runner) if runner else -1
            try:
                # Another process may have got the number before it was opened.
                if held >= 0 and _holder(directory) == runner:
                    signal.pidfd_send_signal(held, signal.SIGTERM)
            finally:
                if held >= 0:
                    os.close(held)

    def _reap(self) -> None:
        for pid in list(self._runners):
            with suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            del self._runners[pid]


def _seen(directory: Path, *, begun: bool) -> Seen:
    """What is to be seen of a job, whose runner this process may have begun and not yet lost."""
    if _holder(directory) is not None:
        return Seen.RUNNING
    if not (directory / STARTED).exists():
        # It takes a while to hold the lock; on a busy host another one would make that longer.
        return Seen.RUNNING if begun else Seen.ABSENT
    # Its runner ended: of itself, after all else, or because it was killed.
    sessions = []
    with suppress(OSError, ValueError):
        sessions.append(int((directory / SESSION).read_text(encoding="ascii")))
    if leftovers.end(str(directory), sessions):
        return Seen.RUNNING
    if (directory / EXIT).exists():
        return Seen.ENDED
    return Seen.GONE if (directory / STARTED).read_text(encoding="ascii") == boot() else Seen.DIED


def _holder(directory: Path) -> int | None:
    """The process that holds the job's lock; 0 where it cannot be seen from here."""
    try:
        lock = os.open(directory / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _whence, _start, _length, pid = struct.unpack(
            _FLOCK, fcntl.fcntl(lock, fcntl.F_GETLK, asked)
        )
    finally:
        os.close(lock)
    return None if kind == fcntl.F_UNLCK else max(pid, 0)

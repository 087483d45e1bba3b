"""The process that stands for a job on this host: starts it once, watches it, ends all of it.

It outlives the worker that started it. A lock on a file says that it lives; `started`, which only
one can make, says that the job was started; `exit` says that nothing of it lives any more.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from sciportal.jobs.accounts.place import BATCH
from sciportal.jobs.script import ERR, EXIT, OUT, REASON, WORK
from sciportal.jobs.worker import durable, leftovers, measure

LOCK = "lock"
STARTED = "started"
SESSION = "session"
LIMITS = "limits.json"

_PR_SET_CHILD_SUBREAPER = 36
_LOOK_SECONDS = 0.2
_MEASURE_SECONDS = 2.0
# Between asking a job to end and ending it.
_GRACE_SECONDS = 5.0
_MOST_FILES = 200_000


def boot() -> str:
    """What tells this start of the host from any other; random(4)."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")


class Limits(NamedTuple):
    """What nothing but watching holds."""

    seconds: int
    """Of wall clock time."""
    total_bytes: int


def main() -> int:
    """Run the job whose directory is the first argument; 0 where it was run, here and now."""
    os.umask(0o077)
    directory = Path(sys.argv[1])
    os.chdir(directory)
    # The descriptor is kept until this process ends, and not inherited.
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # A lock of POSIX's: others can ask who holds it. No child inherits it.
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        durable.write(directory / "boot", boot().encode())
        os.link("boot", STARTED)
    except (BlockingIOError, PermissionError, FileExistsError):
        return 1
    durable.sync(directory)
    limits = Limits(**json.loads(Path(LIMITS).read_text(encoding="utf-8")))
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    Watch(directory, limits).run()
    return 0


class Watch:
    """One run of a job.

    Args:
        directory: the job's.
        limits: past which it is ended.
    """

    def __init__(self, directory: Path, limits: Limits) -> None:
        self._directory = directory
        self._limits = limits
        self._wanted_end = False
        self._began = time.monotonic()

    def run(self) -> None:
        """Start the job, wait for its end, and write down how it ended."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._asked)
        child = self._spawn()
        durable.write(self._directory / SESSION, str(child).encode())
        code, reason = self._wait(child)
        self._end_rest(child, reason)
        self._settle(code, reason)

    def _asked(self, _number: int, _frame: FrameType | None) -> None:
        self._wanted_end = True

    def _spawn(self) -> int:
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            leftovers.VARIABLE: str(self._directory),
        }
        words = ["/bin/sh", str(self._directory / BATCH)]
        made = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self._directory / OUT), made, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, str(self._directory / ERR), made, 0o600),
        ]
        defaults = [signal.SIGPIPE, signal.SIGXFSZ]
        return os.posix_spawn(
            words[0], words, environment, file_actions=actions, setsid=True, setsigdef=defaults
        )

    def _wait(self, child: int) -> tuple[int, str]:
        """The exit code of the job's script, and why it was ended if it was."""
        reason, deadline, measured = "", 0.0, self._began
        while True:
            code = _reaped(child)
            if code is not None:
                return code, reason
            now = time.monotonic()
            if not reason:
                reason = self._too_long(now)
                if not reason and now - measured > _MEASURE_SECONDS:
                    measured = now
                    reason = self._too_much()
                if reason:
                    deadline = now + _GRACE_SECONDS
                    _signal(child, signal.SIGTERM)
            elif now > deadline:
                leftovers.end(str(self._directory), [child], os.getpid())
            time.sleep(_LOOK_SECONDS)

    def _too_long(self, now: float) -> str:
        if self._wanted_end:
            return "cancelled"
        if now - self._began > self._limits.seconds:
            return f"it took longer than {self._limits.seconds} s"
        return ""

    def _too_much(self) -> str:
        amount = measure.below(str(self._directory / WORK), _MOST_FILES)
        if amount.problem:
            return f"it was ended because {amount.problem}"
        if amount.size > self._limits.total_bytes:
            return f"it wrote {amount.size} bytes, and {self._limits.total_bytes} are allowed"
        return ""

    def _end_rest(self, child: int, reason: str) -> None:
        """End what the script left: all that was started below is a child of ours by now."""
        rest = (str(self._directory), [child], os.getpid())
        deadline = time.monotonic() + (_GRACE_SECONDS if reason else 0)
        while leftovers.of_job(*rest) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        leftovers.end(*rest)

    def _settle(self, code: int, reason: str) -> None:
        reason = reason or self._too_much()
        if reason:
            durable.write(self._directory / REASON, reason.encode())
        ended = self._directory / EXIT
        if reason or not ended.exists():
            durable.write(ended, str(code if code >= 0 else 128 - code).encode())


def _reaped(pid: int) -> int | None:
    """Take leave of processes that ended; the exit code of the one that is asked for."""
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if not ended:
            return None
        if pid in (ended, -1):
            return os.waitstatus_to_exitcode(status)


def _signal(session: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(session, number)


if __name__ == "__main__":
    sys.exit(main())

"""What this node knows of its jobs' ports without asking Slurm: a file for each job.

The directory lies where a reboot empties it, and is root's alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time

from sciportal.guard.hold import Hold, number
from sciportal.light import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_POLL_SECONDS = 0.01


class Register:
    """The ports that jobs hold on this node.

    Args:
        directory: of the files; made when it is first used.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def locked(self, timeout: float) -> Lock:
        """For a `with`: keep the register and the kernel's set for oneself.

        Args:
            timeout: seconds to wait for others.
        """
        os.makedirs(self._directory, mode=0o700, exist_ok=True)
        return Lock(f"{self._directory}/lock", timeout)

    def holds(self) -> list[Hold]:
        """All of them, by job; what is not one of ours is passed over."""
        found: list[Hold] = []
        for name in os.listdir(self._directory):
            job_id = number(name)
            if job_id is not None:
                hold = self._read(job_id)
                if hold:
                    found.append(hold)
        return sorted(found)

    def add(self, hold: Hold) -> None:
        """Note what a job holds; whole, or not at all."""
        path = self._path(hold.job_id)
        with open(f"{path}.new", "w", encoding="ascii") as file:
            file.write(f"{hold.port} {hold.uid}\n")
        os.rename(f"{path}.new", path)

    def remove(self, job_id: int) -> None:
        """Forget a job; nothing if it is not known."""
        try:
            os.unlink(self._path(job_id))
        except FileNotFoundError:
            return

    def replace(self, holds: Iterable[Hold]) -> None:
        """Know exactly these."""
        wanted = {hold.job_id: hold for hold in holds}
        for old in self.holds():
            if old.job_id not in wanted:
                self.remove(old.job_id)
        for hold in wanted.values():
            self.add(hold)

    def _path(self, job_id: int) -> str:
        return f"{self._directory}/{job_id}"

    def _read(self, job_id: int) -> Hold | None:
        with open(self._path(job_id), encoding="ascii", errors="replace") as file:
            words = file.read(64).split()
        port, uid = (number(word) for word in words) if len(words) == 2 else (None, None)
        return None if port is None or uid is None else Hold(job_id, port, uid)


class Lock:
    """A lock that the kernel releases whenever its holder ends.

    Args:
        path: of its file.
        timeout: seconds to wait for others.

    Raises:
        TimeoutError: others did not finish in time.
    """

    def __init__(self, path: str, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._file = -1

    def __enter__(self) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end = time.monotonic() + self._timeout
        while not _take(self._file):
            if time.monotonic() >= end:
                os.close(self._file)
                raise TimeoutError(errno.ETIMEDOUT, "the port guard is busy", self._path)
            time.sleep(_POLL_SECONDS)

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

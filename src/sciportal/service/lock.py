"""One lock a service: however many calls there are, one at a time works on it.

flock(2) in the account's home also holds across hosts where that is on NFS.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time

from sciportal.light import TYPE_CHECKING
from sciportal.service.errors import BusyError
from sciportal.service.home import explained

if TYPE_CHECKING:
    from collections.abc import Callable

_POLL_SECONDS = 0.05


class Lock:
    """A held lock.

    Args:
        path: absolute path of its file, whose directory exists.
        service: for messages.
        timeout: seconds to wait for another call.
        clock: the monotonic time, in seconds.
        sleep: waits so many seconds.

    Raises:
        BusyError: another call kept it for all that time.
        ServiceError: the file cannot be made.
    """

    def __init__(
        self,
        path: str,
        service: str,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        deadline = clock() + timeout
        while True:
            with explained(f"the lock {path}"):
                descriptor = _open(path)
            with explained(f"the lock {path}"):
                locked = _locked(descriptor)
            if locked:
                if _is_current(descriptor, path):
                    break
                # Its holder purged the service meanwhile: what we hold is no longer the lock.
                os.close(descriptor)
                continue
            os.close(descriptor)
            if clock() >= deadline:
                raise BusyError(
                    f"the lock of {service}",
                    f"another call of sbatch-service held it for {timeout:g} s",
                    "wait for that to end, or give a longer --lock-timeout",
                )
            sleep(_POLL_SECONDS)
        self._descriptor = descriptor

    def release(self, *, remove: bool = False) -> None:
        """Let the next one have it.

        Args:
            remove: the service is gone, so its lock goes too.
        """
        if remove:
            with explained(f"the lock {self._path}"):
                os.unlink(self._path)
        os.close(self._descriptor)


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        # A home that is full or read-only is no reason to refuse a stop.
        if error.errno in (errno.EROFS, errno.ENOSPC, errno.EDQUOT) and os.path.exists(path):
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        raise


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        os.close(descriptor)
        raise
    return True


def _is_current(descriptor: int, path: str) -> bool:
    try:
        there = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    mine = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)

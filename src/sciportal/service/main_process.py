"""The main process of a service, as its runner sees it."""

from __future__ import annotations

import ctypes
import os
import signal
import time

from sciportal.light import suppress
from sciportal.service import door

# A login shell, so that ~/.profile applies (that is how rvm and the like reach a service); exec,
# so that the main process is the one that gets the signals. A profile may have gone elsewhere.
_COMMAND = 'cd "$1" || exit; exec "$0" main'
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
# prctl(2).
_PR_SET_CHILD_SUBREAPER = 36
_TERM_SECONDS = 2.0


class MainProcess:
    """A main process that was just started.

    Args:
        executable: absolute path of the service's executable.
        home: its working directory.
        port: on which it listens; 0 for none.
        farewell: number of the signal at which it accepts nobody any more; 0 for none.

    Raises:
        OSError: no process can be started.
    """

    def __init__(self, executable: str, home: str, port: int = 0, farewell: int = 0) -> None:
        # What its children leave behind becomes ours, and so can be ended before a next start.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        argv = ["/bin/bash", "-l", "-c", _COMMAND, executable, home]
        self._pid = os.posix_spawn(
            argv[0],
            argv,
            os.environ,
            setsigmask=(),
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
        )
        self.code = 0
        """Exit status, or the negated number of a signal, once it has ended."""
        self._ended = False
        self._port = port
        self._farewell = farewell

    def has_ended(self) -> bool:
        """Whether it has; every process that ended is taken note of."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                if pid == self._pid:
                    self.code = os.waitstatus_to_exitcode(status)
                    self._ended = True
        return self._ended

    def signal(self, number: int) -> None:
        """Send it a signal."""
        if self._ended:
            return
        if self._port and number == self._farewell:
            door.shut(self._pid, self._port)
        os.kill(self._pid, number)

    def is_waiting_shell(self) -> bool:
        """Whether it is a shell that runs another program, which gets no signal then."""
        try:
            program = os.readlink(f"/proc/{self._pid}/exe")
        except OSError:
            return False
        return os.path.basename(program) in _SHELLS and bool(_children(self._pid))

    def has_children(self) -> bool:
        """Whether it has started processes of its own."""
        return bool(_children(self._pid))

    def end_what_is_left(self) -> None:
        """End the processes that it left behind: they hold its port."""
        deadline = time.monotonic() + _TERM_SECONDS
        number = signal.SIGTERM
        told: set[int] = set()
        while left := _children(os.getpid()):
            if time.monotonic() > deadline:
                number, told = signal.SIGKILL, set()
            for pid in left:
                if pid not in told:
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, number)
                    told.add(pid)
            if time.monotonic() > deadline + _TERM_SECONDS:
                return
            time.sleep(0.02)
            self.has_ended()


def _children(pid: int) -> list[int]:
    """The children of a process (proc(5), /proc/PID/task/TID/children)."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(each) for each in file.read().split()]
    except OSError:
        return []

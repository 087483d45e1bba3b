"""Programs that are killed and started again, as systemd would start them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PATIENCE = 60
_ZOMBIE = "Z"
# num_threads is field 20 of proc(5), and the first of the rest is field 6.
_THREADS = 20 - 6


class Program(NamedTuple):
    """How one is started."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    """Beside that of the tests."""


class Daemons:
    """See the module. Each is a process group, which is killed as a whole.

    Args:
        logs: the directory for what they say.
        programs: by their names.
    """

    def __init__(self, logs: Path, programs: Mapping[str, Program]) -> None:
        self._logs = logs
        self._programs = programs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        """Start some."""
        for name in names:
            program = self._programs[name]
            with (self._logs / f"{name}.log").open("ab") as log:
                self._running[name] = subprocess.Popen(
                    # Also where the tests are killed.
                    ["setpriv", "--pdeathsig", "KILL", "--", *program.argv],
                    env={**os.environ, **program.environment},
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def kill(self, *names: str) -> None:
        """Kill some, all at once, and see them dead."""
        for name in names:
            self.signal(name, signal.SIGKILL)
        for name in names:
            first = self._running.pop(name)
            first.wait(_PATIENCE)
            deadline = time.monotonic() + _PATIENCE
            while _lives(first.pid):
                assert time.monotonic() < deadline, name
                time.sleep(0.02)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send one a signal."""
        with suppress(ProcessLookupError):
            os.killpg(self._running[name].pid, number)

    def stop(self) -> None:
        """Kill all that run."""
        self.kill(*self._running)

    def dead(self) -> list[str]:
        """Those that ended by themselves."""
        return [name for name, process in self._running.items() if process.poll() is not None]


def _lives(group: int) -> bool:
    """Whether a process of a group is left that nobody's waiting for would end."""
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # proc(5): state, parent and group follow the name, which may have any sign in it.
            state, _parent, found, *rest = each.read_text().rpartition(")")[2].split()
            # The first thread may be dead while others still hold its sockets.
            dead = state == _ZOMBIE and int(rest[_THREADS]) <= 1
            if int(found) == group and not dead:
                return True
    return False

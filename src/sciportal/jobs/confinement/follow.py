"""The process that stands for a program that bubblewrap runs: gets its signals, ends as it did.

bwrap's process inside is the first of a process namespace, which no signal from outside ends, and
its process outside would take the program with it. So both ignore all signals, and this process,
which ignores none, hands each on to the program itself.
"""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# All but what cannot be caught, what tells a process of its own mistakes, and SIGCHLD.
_OWN = {
    *(signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD),
    *(signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGSYS),
}
_HANDED_ON = signal.valid_signals() - _OWN
# Until a program has taken the place of those who start it, which ignore signals.
_START_SECONDS = 5.0
_STARTERS = ("bwrap", "env")
_PAUSE_SECONDS = 0.01


def run(words: Callable[[int], Sequence[str]], environment: dict[str, str], path: str) -> int:
    """Run a program of bwrap's.

    Args:
        words: the call, from the descriptor on which bwrap is to tell of its first process.
        environment: the program's.
        path: where bwrap is looked for.

    Returns:
        Its exit code; 128 and the number of the signal that ended it.

    Raises:
        OSError: no process can be started.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _HANDED_ON | {signal.SIGCHLD})
    told, tells = os.pipe()
    child = os.fork()
    if not child:
        _become(words(tells), environment, path, tells)
    os.close(tells)
    first = _first(told)
    while True:
        got = signal.sigwaitinfo(_HANDED_ON | {signal.SIGCHLD}).si_signo
        if got != signal.SIGCHLD:
            _hand_on(first, got)
            continue
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _become(words: Sequence[str], environment: dict[str, str], path: str, tells: int) -> None:
    try:
        os.set_inheritable(tells, True)
        for each in _HANDED_ON:
            signal.signal(each, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execve(path, list(words), environment)  # noqa: S606  # no shell is wanted
    finally:
        os._exit(1)


def _first(told: int) -> int:
    """The number of bwrap's first process inside; 0 where it did not get so far."""
    text = b""
    with open(told, "rb", buffering=0) as file:
        while b"}" not in text:
            part = file.read(4096)
            if not part:
                return 0
            text += part
    return int(json.loads(text)["child-pid"])


def _hand_on(first: int, number: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while first and os.path.exists(f"/proc/{first}"):
        program = _program(first)
        if program and (time.monotonic() > deadline or not _is_starting(program)):
            with suppress(ProcessLookupError):
                os.kill(program, number)
            return
        if time.monotonic() > deadline:
            return
        time.sleep(_PAUSE_SECONDS)


def _program(first: int) -> int:
    """The first process's first child."""
    try:
        with open(f"/proc/{first}/task/{first}/children") as file:
            return int([*file.read().split(), "0"][0])
    except OSError:
        return 0


def _is_starting(program: int) -> bool:
    """Whether it is still one of those that ignore signals."""
    try:
        with open(f"/proc/{program}/status") as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
    except OSError:
        return False
    ignored = int(fields["SigIgn"], 16)
    return fields["Name"].strip() in _STARTERS and bool(ignored & 1 << (signal.SIGTERM - 1))

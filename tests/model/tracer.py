"""strace(1), which kills a command at one of its system calls, before that is carried out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

# All that change a file, take a lock, or start a process and wait for it.
CALLS = (
    *("mkdir", "rename", "unlink", "unlinkat", "rmdir", "symlink", "ftruncate", "write", "fsync"),
    *("fchmod", "flock", "clone3", "wait4"),
)
_OPEN = "openat"
_LINE = re.compile(r"^(\w+)\((.*)")


class Call(NamedTuple):
    """One system call of a command."""

    name: str
    number: int
    """The so-manieth of this name; it counts from 1."""
    arguments: str


def killed_at(name: str, number: int, argv: Sequence[str]) -> list[str]:
    """The command `argv`, killed at the so-manieth system call of a name."""
    return _strace("/dev/null", name, argv, "-e", f"inject={name}:signal=KILL:when={number}")


def traced(file: str, argv: Sequence[str]) -> list[str]:
    """The command `argv`, with its system calls written to a file, for `changing`."""
    return _strace(file, ",".join([*CALLS, _OPEN]), argv)


def _strace(file: str, names: str, argv: Sequence[str], *more: str) -> list[str]:
    # Without -f: what the command started is not killed with it, as after `kill -9`.
    return ["strace", "-qq", "-s", "200", "-o", file, "-e", f"trace={names}", *more, *argv]


def changing(text: str) -> list[Call]:
    """The system calls that change something, in what strace wrote."""
    numbers: Counter[str] = Counter()
    found = []
    for line in text.splitlines():
        parts = _LINE.match(line)
        if parts:
            name, arguments = parts.groups()
            numbers[name] += 1
            if name != _OPEN or "O_CREAT" in arguments:
                found.append(Call(name, numbers[name], arguments))
    return found

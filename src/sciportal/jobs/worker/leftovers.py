"""Processes of a job, however they came to be: found in /proc, and ended.

Who ended a job's session may have left others: a program can leave its session, and what watched
over it can be killed. All are the worker's own account's, and are told by their session, by the
directory they are in, and by who started them.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

VARIABLE = "SCIPORTAL_JOB_DIRECTORY"
_PAUSE_SECONDS = 0.02


class Process(NamedTuple):
    """What /proc says of a process."""

    pid: int
    parent: int
    session: int
    state: str


def of_job(directory: str, sessions: Iterable[int] = (), above: int = 0) -> list[int]:
    """The processes of a job that live, without the one that asks.

    Args:
        directory: the job's.
        sessions: that belong to it.
        above: a process that all of whose children, and theirs, belong to it; 0 for none.
    """
    mine = os.getpid()
    every = [each for each in _processes() if each.pid != mine]
    known = set(sessions)
    found = {each.pid for each in every if each.session in known or _is_within(each.pid, directory)}
    above_all = {above} - {0}
    while more := {each.pid for each in every if each.parent in found | above_all} - found:
        found |= more
    return sorted(each.pid for each in every if each.pid in found and each.state not in "ZX")


def end(
    directory: str, sessions: Iterable[int] = (), above: int = 0, patience: float = 10
) -> list[int]:
    """End all processes of a job, surely.

    Args:
        directory: the job's.
        sessions: that belong to it.
        above: see `of_job`.
        patience: seconds until those that still live are given up.

    Returns:
        Those that live nevertheless: they hang in the kernel.
    """
    deadline = time.monotonic() + patience
    while left := of_job(directory, sessions, above):
        # One that is stopped starts no other while the rest is looked for.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in left:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
        if time.monotonic() > deadline:
            return left
        time.sleep(_PAUSE_SECONDS)
    return []


def _processes() -> list[Process]:
    mine = os.geteuid()
    found = []
    with os.scandir("/proc") as listed:
        for each in listed:
            if each.name.isdigit():
                with suppress(OSError, ValueError, IndexError):
                    if each.stat().st_uid == mine or _uid(each.name) == mine:
                        found.append(_stat(int(each.name)))
    return found


def _uid(pid: str) -> int:
    # /proc/PID belongs to root where the process may not be dumped; its status tells.
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("Uid:"):
                return int(line.split()[1])
    return -1


def _stat(pid: int) -> Process:
    with open(f"/proc/{pid}/stat", "rb") as file:
        # The name, in brackets, is the program's own choice.
        fields = file.read().rpartition(b")")[2].split()
    return Process(pid, int(fields[1]), int(fields[3]), fields[0].decode())


def _is_within(pid: int, directory: str) -> bool:
    with suppress(OSError):
        here = os.readlink(f"/proc/{pid}/cwd")
        if here == directory or here.startswith(f"{directory}/"):
            return True
    with suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
        return f"{VARIABLE}={directory}".encode() in file.read().split(b"\0")
    return False

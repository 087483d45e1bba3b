"""The machine that the tests run in: what its kernel says, and its accounts."""

from __future__ import annotations

import itertools
import os
import pwd
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sciportal.jobs.confinement.apparmor import change
from sciportal.service.errors import ServiceError

# Seconds for one command: the processor is emulated, and others may have most of it.
PATIENCE = 900
T = TypeVar("T")
_numbers = itertools.count()
_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|(\S+))')


class Denials(list[dict[str, str]]):
    """What AppArmor wrote into the kernel's log, one mapping a line."""

    def of(self, profile: str, **fields: str) -> bool:
        """Whether one is of that profile, and has these fields."""
        wanted = {"profile": profile, **fields}
        return any(wanted.items() <= each.items() for each in self)


@contextmanager
def denials(kind: str = "DENIED") -> Iterator[Denials]:
    """What is written while the block runs; there when it has ended.

    Args:
        kind: "DENIED", or "ALLOWED" of profiles that complain.
    """
    found = Denials()
    log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    try:
        os.lseek(log, 0, os.SEEK_END)
        yield found
        for text in _lines(log):
            fields = {name: quoted or bare for name, quoted, bare in _FIELD.findall(text)}
            if fields.get("apparmor") == kind:
                found.append(fields)
    finally:
        os.close(log)


def _lines(log: int) -> Iterator[str]:
    # A thread of the kernel's writes events, in their order, some time after the calls that they
    # tell of. So all are there when one is that was caused last.
    last = f"sciportal-last-{next(_numbers)}"
    _change_to(last)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            line = os.read(log, 8192).decode(errors="replace")
        except BlockingIOError:
            time.sleep(0.05)
            continue
        if f'"{last}"' in line:
            return
        yield line
    raise AssertionError("the kernel did not write what it denied")


def _change_to(profile: str) -> None:
    """Try to change to a profile that is not there, which is denied."""
    try:
        change(profile)
    except ServiceError:
        return
    raise AssertionError(f"{profile} is there")


def until(found: Callable[[], T]) -> T:
    """What is found, as soon as it is true."""
    end = time.monotonic() + PATIENCE
    while not (there := found()):
        assert time.monotonic() < end, found
        time.sleep(1)
    return there


def run(words: Sequence[str], account: str = "", **more: Any) -> subprocess.CompletedProcess[str]:
    """Run something as an account, or as root."""
    if account:
        entry = pwd.getpwnam(account)
        more |= {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return subprocess.run(
        list(words), capture_output=True, text=True, check=False, timeout=PATIENCE, cwd="/", **more
    )


def done(words: Sequence[str], account: str = "", **more: Any) -> str:
    """What it printed, if it went well."""
    ended = run(words, account, **more)
    assert ended.returncode == 0, ended
    return ended.stdout

"""Accounts for a while; run as root on the login host, with the standard library only.

usage: crowd.py make COUNT     accounts bench0, bench1, ..., each with two services that are set up
       crowd.py bare COUNT     the same with executables only: nothing was set up yet
       crowd.py forget         remove what `init` left of the services, but not their executables
       crowd.py remove         remove the accounts
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SERVICES = ("benchweb", "benchwiki")
_GROUP = "service-pool"
_FIRST_UID = 40000
_MINE = re.compile(r"bench\d+")
_SCRIPT = '#!/bin/sh\n[ "$1" != main ] || exec sleep 1000\n'
# A test that needs such accounts keeps the file while it has replaced the original.
_IN_USE = Path("/etc/passwd.kept")


def main() -> int:
    """Do what the words say."""
    match sys.argv[1:]:
        case ["make" | "bare" as how, count]:
            _wait_for_others()
            _edit_all(lambda name, lines: [*_others(name, lines), *_new(name, int(count))])
            for number in range(int(count)):
                _home(number, set_up=how == "make")
        case ["forget"]:
            for home in _homes():
                shutil.rmtree(home / ".sbatch-service/.state", ignore_errors=True)
                shutil.rmtree(home / ".sbatch-service/log", ignore_errors=True)
                shutil.rmtree(home / ".logrotate.d", ignore_errors=True)
        case ["remove"]:
            _edit_all(_others)
            for home in _homes():
                shutil.rmtree(home)
        case _:
            sys.exit(__doc__)
    return 0


def _homes() -> list[Path]:
    return [path for path in Path("/home").iterdir() if _MINE.fullmatch(path.name)]


def _wait_for_others() -> None:
    deadline = time.monotonic() + 120
    while _IN_USE.exists():
        if time.monotonic() > deadline:
            sys.exit(f"{_IN_USE} is there: a test of many accounts runs, or did not end well")
        time.sleep(0.5)


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """The lock of lckpwdf(3), which useradd and the like take as well."""
    with Path("/etc/.pwd.lock").open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


def _edit_all(change: Callable[[str, list[str]], list[str]]) -> None:
    with _lock():
        for name in ("passwd", "group"):
            path = Path("/etc") / name
            fresh = path.with_name(f"{name}.bench")
            lines = change(name, path.read_text().splitlines())
            fresh.write_text("".join(f"{line}\n" for line in lines))
            fresh.chmod(0o644)
            fresh.replace(path)


def _others(name: str, lines: list[str]) -> list[str]:
    """The lines without our accounts, also where they are members."""
    kept = [line for line in lines if not _MINE.fullmatch(line.partition(":")[0])]
    if name == "passwd":
        return kept
    return [_without_ours(line) for line in kept]


def _without_ours(line: str) -> str:
    head, _, members = line.rpartition(":")
    left = [each for each in members.split(",") if not _MINE.fullmatch(each)]
    return f"{head}:{','.join(left)}"


def _new(name: str, count: int) -> list[str]:
    """The lines of our accounts; they have the group as their own, which makes them members."""
    if name == "group":
        return []
    gid = _gid()
    return [
        f"bench{number}:x:{_FIRST_UID + number}:{gid}::/home/bench{number}:/bin/bash"
        for number in range(count)
    ]


def _gid() -> int:
    import grp

    return grp.getgrnam(_GROUP).gr_gid


def _home(number: int, *, set_up: bool) -> None:
    home = Path(f"/home/bench{number}")
    files: dict[str, str | None] = {"": None, ".sbatch-service": None}
    if set_up:
        files |= {".sbatch-service/.state": None, ".sbatch-service/log": None}
    ledger = json.dumps({"schema": 1, "wanted": "stopped", "job_id": 1, "port": 30000})
    for service in SERVICES:
        files[f".sbatch-service/{service}"] = _SCRIPT
        if set_up:
            files[f".sbatch-service/log/{service}.log"] = "a line\n" * 100
            files[f".sbatch-service/.state/{service}.json"] = ledger
    for path, text in files.items():
        whole = home / path
        if text is None:
            whole.mkdir(exist_ok=True)
        else:
            whole.write_text(text)
        whole.chmod(0o700)
        shutil.chown(whole, _FIRST_UID + number, _gid())


if __name__ == "__main__":
    sys.exit(main())

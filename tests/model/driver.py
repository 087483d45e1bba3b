"""Runs inside the container, as root: one request a line comes in as JSON, one answer goes out.

A `podman exec` for each command would take longer than the command.
"""

from __future__ import annotations

import contextlib
import json
import pwd
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_LONGEST_SECONDS = 120


def run(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run commands at the same time and tell how each ended.

    Args:
        calls: `argv`, `user`, and where it is to be killed `kill_after`, in seconds; where it is
            to begin later `delay`.
    """
    ended: list[dict[str, Any]] = [{} for _ in calls]
    threads = [
        threading.Thread(target=_one, args=(call, ended[place])) for place, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def _one(call: dict[str, Any], ended: dict[str, Any]) -> None:
    who = pwd.getpwnam(call["user"])
    threading.Event().wait(call.get("delay", 0))
    process = subprocess.Popen(
        call["argv"],
        user=who.pw_uid,
        group=who.pw_gid,
        extra_groups=[],
        cwd=who.pw_dir,
        env={
            "HOME": who.pw_dir,
            "USER": who.pw_name,
            "LOGNAME": who.pw_name,
            "SHELL": "/bin/bash",
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin",
            "LANG": "C.UTF-8",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    kill_after = call.get("kill_after")
    if kill_after is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(kill_after)
        process.kill()
    out, err = process.communicate(timeout=_LONGEST_SECONDS)
    ended.update(code=process.returncode, out=out, err=err)


def tree(user: str) -> dict[str, str]:
    """What is in a home: the text of files, where links lead; names in directories end in `/`.

    The members of an archive are named ARCHIVE!MEMBER.
    """
    home = Path(pwd.getpwnam(user).pw_dir)
    found: dict[str, str] = {}
    for path in home.rglob("*"):
        name = str(path.relative_to(home))
        with contextlib.suppress(FileNotFoundError):
            if path.is_symlink():
                found[name] = f"-> {path.readlink()}"
            elif path.is_dir():
                found[name + "/"] = ""
            elif name.endswith(".tar.gz"):
                found[name] = ""
                found.update(_members(path, name))
            else:
                found[name] = path.read_text(errors="replace")
    return found


def _members(path: Path, name: str) -> dict[str, str]:
    with tarfile.open(path) as archive:
        found = {}
        for member in archive.getmembers():
            file = archive.extractfile(member) if member.isreg() else None
            found[f"{name}!{member.name}"] = file.read().decode(errors="replace") if file else ""
        return found


def empty(user: str) -> None:
    """Remove everything from a home."""
    for path in Path(pwd.getpwnam(user).pw_dir).iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def write(user: str, files: dict[str, str]) -> None:
    """Write files below a home, as their owner would; those without a suffix can be executed."""
    who = pwd.getpwnam(user)
    for name, text in files.items():
        path = Path(who.pw_dir) / name
        for directory in [*reversed(path.relative_to(who.pw_dir).parents)][1:]:
            place = Path(who.pw_dir) / directory
            if not place.is_dir():
                place.mkdir(0o700)
                shutil.chown(place, who.pw_uid, who.pw_gid)
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(text)
        fresh.chmod(0o644 if path.suffix else 0o755)
        shutil.chown(fresh, who.pw_uid, who.pw_gid)
        fresh.rename(path)


def main() -> None:
    """Answer until the input ends."""
    doing: dict[str, Callable[..., Any]] = {
        "run": run,
        "tree": tree,
        "empty": empty,
        "write": write,
    }
    for line in sys.stdin:
        request = json.loads(line)
        answer = doing[request.pop("do")](**request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

"""Looks at the processes of a job; run on its node as its account, with the standard library only.

usage: node.py memory WORD      RSS and PSS, in KiB, of the oldest process with WORD in its command
       node.py total WORD       number and PSS, in KiB, of all processes with WORD in their command
       node.py held PROGRAM     the same of all processes of a program, whosever they are
       node.py revive PORT      kill -9 who listens on PORT; the seconds until it serves again
       node.py begin PORT       start the same web server by hand; the seconds until it serves
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path


def main() -> int:
    """Do what the words say and print it as JSON."""
    match sys.argv[1:]:
        case ["memory", word]:
            found: object = _memory(min(_with(word)))
        case ["total", word]:
            found = _total(_with(word))
        case ["held", program]:
            found = _total(_of(program))
        case ["revive", port]:
            found = _revive(int(port))
        case ["begin", port]:
            found = _begin(int(port))
        case _:
            sys.exit(__doc__)
    json.dump(found, sys.stdout)
    return 0


def _with(word: str) -> list[int]:
    """The numbers of our other processes with a word in their command."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
            mine = path.stat().st_uid == os.getuid()
        except OSError:
            continue
        number = int(path.parent.name)
        if mine and number != os.getpid() and any(word in each for each in words):
            found.append(number)
    return found


def _of(program: str) -> list[int]:
    """The numbers of all processes whose program, or first argument, has such a name."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if program in (Path(word).name for word in words[:2]):
            found.append(int(path.parent.name))
    return found


def _total(numbers: Sequence[int]) -> dict[str, int]:
    pss = sum(_memory(each)["pss"] for each in numbers)
    return {"processes": len(numbers), "pss": pss}


def _memory(number: int) -> dict[str, int]:
    lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()[1:]
    entries = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {"rss": entries["Rss"], "pss": entries["Pss"]}


def _revive(port: int) -> float:
    number = min(each for each in _with("http.server") if str(port) in _words(each))
    begun = time.perf_counter()
    os.kill(number, signal.SIGKILL)
    while _accepts(port):
        time.sleep(0.001)
    return _until_serving(port, begun)


def _words(number: int) -> list[str]:
    return Path(f"/proc/{number}/cmdline").read_text().split("\0")


def _begin(port: int) -> float:
    begun = time.perf_counter()
    argv = [sys.executable, "-m", "http.server", str(port)]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return _until_serving(port, begun)
    finally:
        server.kill()
        server.wait()


def _until_serving(port: int, begun: float) -> float:
    while not _accepts(port):
        if time.perf_counter() - begun > 60:
            sys.exit(f"nobody listens on {port}")
        time.sleep(0.005)
    return time.perf_counter() - begun


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())

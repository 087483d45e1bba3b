"""A hostile job: tries everything on a sibling's, then does its own work.

    attacker.py REACH

REACH is JSON: what the sibling tells of itself, and its `directory`. Prints, as JSON, for each
attempt "done" or the error that it met, and what of its own work was done.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_DETACH = 16, 17
CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x20000
MS_BIND = 4096
SECONDS = 5


def attempts(reach: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """What a hostile job tries, by name."""
    there, own = Path(reach["directory"]), Path.cwd()
    process = Path(f"/proc/{reach['pid']}")
    return {
        "read": (there / "secret").read_text,
        "list": lambda: list(there.iterdir()),
        "list those above": lambda: found(there),
        "append": lambda: append(there / "appended"),
        "create": lambda: create(there / f"created-{os.getpid()}"),
        "make a directory": (there / f"made-{os.getpid()}").mkdir,
        "empty": lambda: os.truncate(there / "emptied", 0),
        "remove": (there / "removed").unlink,
        "rename": lambda: (there / "renamed").rename(own / "renamed"),
        "hard link": lambda: os.link(there / "linked", own / "linked"),
        "symbolic link": lambda: through(own / "symbolic", there / "secret"),
        "link of its directory": lambda: through(own / "directory", there, "secret"),
        "climb": (own / ".." / there.name / "secret").read_text,
        "stat": (there / "secret").stat,
        "chmod": lambda: (there / "moded").chmod(0o666),
        "utime": lambda: os.utime(there / "timed", (0, 0)),
        "signal": lambda: os.kill(reach["pid"], signal.SIGUSR1),
        "ptrace": lambda: trace(reach["pid"]),
        "read its memory": lambda: peek(reach["pid"], reach["address"]),
        "its environment": (process / "environ").read_bytes,
        "its directory in /proc": (process / "cwd" / "secret").read_text,
        "its root in /proc": lambda: Path(f"{process}/root{there}/secret").read_text(),
        "its command line": (process / "cmdline").read_bytes,
        "socket": lambda: connect(socket.AF_UNIX, str(there / "socket")),
        "abstract socket": lambda: connect(socket.AF_UNIX, f"\0{reach['abstract']}"),
        "port": lambda: connect(socket.AF_INET, ("127.0.0.1", reach["port"])),
        "datagram": lambda: send(reach["datagrams"]),
        "datagram by a pair": lambda: pair(reach["abstract"]),
        "shared memory": lambda: called(LIBC.shmget(reach["key"], 0, 0)),
        "mount": lambda: mount(there, own),
    }


def found(path: Path) -> None:
    """See that it is there by a list of what is."""
    if path not in path.parent.iterdir():
        raise FileNotFoundError(errno.ENOENT, "not listed", path)


def append(path: Path) -> None:
    """Write into a file that is there."""
    with path.open("a") as file:
        file.write("x")


def create(path: Path) -> None:
    """Make a file."""
    with path.open("x"):
        pass


def through(link: Path, target: Path, rest: str = "") -> str:
    """Read through a symbolic link of one's own."""
    link.symlink_to(target)
    return (link / rest if rest else link).read_text()


def trace(pid: int) -> None:
    """Attach to a process, and let go of it."""
    called(LIBC.ptrace(PTRACE_ATTACH, pid, None, None))
    os.waitpid(pid, 0x40000000)
    LIBC.ptrace(PTRACE_DETACH, pid, None, None)


def peek(pid: int, address: int) -> None:
    """Read the memory of a process (process_vm_readv(2))."""
    there = (ctypes.c_ulong * 2)(address, 8)
    buffer = ctypes.create_string_buffer(8)
    here = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), 8)
    called(LIBC.process_vm_readv(pid, here, 1, there, 1, 0))


def connect(family: int, address: str | tuple[str, int]) -> None:
    """Open a connection."""
    with socket.socket(family, socket.SOCK_STREAM) as made:
        made.settimeout(SECONDS)
        made.connect(address)


def send(port: int) -> None:
    """Send a datagram, and get one back."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.settimeout(SECONDS)
        made.connect(("127.0.0.1", port))
        made.send(b"x")
        made.recv(10)


def pair(name: str) -> None:
    """Send a datagram by a socket that was made as one of a pair."""
    for made in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM):
        with made:
            made.sendto(b"x", f"\0{name}-datagrams")


def mount(there: Path, own: Path) -> None:
    """Mount the sibling's directory on one's own, as root of a namespace of one's own."""
    child = os.fork()
    if not child:
        place = own / "mounted"
        place.mkdir()
        try:
            called(LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNS))
            called(LIBC.mount(bytes(there), bytes(place), None, MS_BIND, None))
            (place / "secret").read_text()
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise OSError(code, os.strerror(code))


def called(answer: int) -> None:
    """Raise what a call of the C library met."""
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def outcome(attempt: Callable[[], object]) -> str:
    """How an attempt ended."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, repr(error))
    return "done"


def work() -> dict[str, Any]:
    """What any job does; it fails loudly."""
    Path("results").mkdir(exist_ok=True)
    Path("results/one").write_text("1")
    Path("results/one").rename("two")
    assert Path("two").read_text() == "1"
    with tempfile.NamedTemporaryFile() as temporary:
        assert Path(temporary.name).is_relative_to(os.environ["TMPDIR"])
    said = subprocess.run(
        ["/bin/sh", "-c", "echo from a child >&2; cat two"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "1"
    ends = socket.socketpair()
    ends[0].send(b"x")
    assert ends[1].recv(1) == b"x"
    status = Path("/proc/self/status").read_text()
    return {
        "environment": dict(os.environ),
        "no_new_privileges": "NoNewPrivs:\t1" in status,
        "profile": profile(),
    }


def profile() -> str:
    """AppArmor's, where there is AppArmor."""
    try:
        return Path("/proc/self/attr/current").read_text().strip("\0\n")
    except OSError:
        return ""


if __name__ == "__main__":
    tried = {name: outcome(each) for name, each in attempts(json.loads(sys.argv[1])).items()}
    print(json.dumps({"tried": tried, "own": work()}))

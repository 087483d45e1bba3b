"""Another job of the same account, as a hostile one finds it: files, a process, sockets, memory.

    sibling.py DIRECTORY

It runs until it is ended. DIRECTORY/ready tells as JSON how it could be reached.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

FILES = ("secret", "appended", "emptied", "removed", "renamed", "moded", "timed", "linked")
IPC_CREAT = 0o1000


def main(directory: Path) -> None:
    """Be there."""
    # Else Yama is what keeps others from looking into it: prctl(2), PR_SET_PTRACER.
    libc = ctypes.CDLL(None)
    libc.prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)
    for each in FILES:
        (directory / each).write_text("what is nobody else's")
    signal.signal(signal.SIGUSR1, lambda *_: (directory / "signalled").touch())
    name = f"sibling-{os.getpid()}"
    # By a short name: there is room for 107 bytes.
    os.chdir(directory)
    listeners = [
        listening(socket.AF_UNIX, "socket"),
        listening(socket.AF_UNIX, f"\0{name}"),
        listening(socket.AF_INET, ("127.0.0.1", 0)),
    ]
    local = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    local.bind(f"\0{name}-datagrams")
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    threading.Thread(target=answer, args=(datagrams,), daemon=True).start()
    reach = {
        "pid": os.getpid(),
        "abstract": name,
        "port": listeners[-1].getsockname()[1],
        "datagrams": datagrams.getsockname()[1],
        "memory": libc.shmget(os.getpid(), 4096, IPC_CREAT | 0o600),
        "key": os.getpid(),
        "address": id(FILES),
    }
    (directory / "ready.new").write_text(json.dumps(reach))
    (directory / "ready.new").rename(directory / "ready")
    try:
        while True:
            time.sleep(1)
    finally:
        libc.shmctl(reach["memory"], 0, None)


def listening(family: int, address: str | tuple[str, int]) -> socket.socket:
    """A socket that accepts connections."""
    made = socket.socket(family, socket.SOCK_STREAM)
    made.bind(address)
    made.listen()
    return made


def answer(datagrams: socket.socket) -> None:
    """Send back what comes."""
    while True:
        data, whence = datagrams.recvfrom(10)
        datagrams.sendto(data, whence)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    main(Path(sys.argv[1]))

"""No new connections to a program that is about to end.

With a socket that listens go the connections that wait to be accepted, and their visitors get no
answer. So it is first made deaf to those who knock (a filter of its own, socket(7)), and the
program takes those who already stand there. Whoever knocked meanwhile knocks again a second later
(RFC 6298, 2.1) and finds it closed.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import time

from sciportal.light import TYPE_CHECKING, suppress
from sciportal.service import listening

if TYPE_CHECKING:
    from collections.abc import Iterator

# asm-generic/socket.h, which most machines have; socket(7).
_SO_ATTACH_FILTER = 26
# The same on every machine: pidfd_getfd(2).
_PIDFD_GETFD = 438
# linux/filter.h. A filter of a TCP socket begins at the header of TCP, whose byte 13 has the flags.
_FLAGS, _SYN = 13, 2
_NOT_SYN = (
    (0x30, 0, 0, _FLAGS),  # BPF_LD | BPF_B | BPF_ABS
    (0x45, 0, 1, _SYN),  # BPF_JMP | BPF_JSET | BPF_K
    (0x06, 0, 0, 0),  # BPF_RET | BPF_K: not a byte of it
    (0x06, 0, 0, 0xFFFFFFFF),  # all of it
)
# A handshake that was begun is over.
_HANDSHAKE_SECONDS = 0.1
_POLL_SECONDS = 0.02


def shut(pid: int, port: int, seconds: float = 2.0) -> bool:
    """Let a program have the connections that wait for it, and no others.

    Args:
        pid: of the program, a child of this process or its own, of the same account.
        port: on which it listens.
        seconds: longest time that it gets to accept them.

    Returns:
        Whether its queue is empty; False also where the kernel lets nobody do this (ptrace(2),
        ptrace_scope), and nothing was changed.
    """
    doors = list(_doors(pid, port))
    if not doors:
        return False
    for each in doors:
        with each:
            _attach(each)
    deadline = time.monotonic() + max(seconds, _HANDSHAKE_SECONDS)
    time.sleep(_HANDSHAKE_SECONDS)
    while any(each.waiting for each in listening.sockets(port)):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _doors(pid: int, port: int) -> Iterator[socket.socket]:
    """The sockets of a process that listen on a port."""
    names = {f"socket:[{each.inode}]" for each in listening.sockets(port)}
    with suppress(OSError):
        process = os.pidfd_open(pid)
        try:
            for entry in os.listdir(f"/proc/{pid}/fd"):
                with suppress(FileNotFoundError):
                    if os.readlink(f"/proc/{pid}/fd/{entry}") in names:
                        yield socket.socket(fileno=_taken(process, int(entry)))
        finally:
            os.close(process)


def _taken(process: int, number: int) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    taken: int = library.syscall(_PIDFD_GETFD, process, number, 0)
    if taken < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return taken


def _attach(door: socket.socket) -> None:
    words = b"".join(struct.pack("HBBI", *each) for each in _NOT_SYN)
    kept = ctypes.create_string_buffer(words)
    program = struct.pack("HP", len(_NOT_SYN), ctypes.addressof(kept))
    door.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)

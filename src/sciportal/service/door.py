"""No new connections to a program that is about to end.

With a socket that listens go the connections that wait to be accepted, and their visitors get no
answer. So it is first bound to a network interface that does not exist: whoever knocks from then
on finds the port closed, and the program takes those who already stand there.
"""

from __future__ import annotations

import ctypes
import os
import socket
import time

from sciportal.light import TYPE_CHECKING, suppress
from sciportal.service import listening

if TYPE_CHECKING:
    from collections.abc import Iterator

# asm-generic/socket.h, which most machines have. The owner of a socket may do this since Linux 5.7
# (commit c427bfec18f2); the kernel does not look whether there is such an interface.
_SO_BINDTOIFINDEX = 62
_NOWHERE = 0x7FFFFFFF
# The same on every machine: pidfd_getfd(2).
_PIDFD_GETFD = 438
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
        Whether its queue is empty; False also where the kernel does not let us do this (an old
        one; ptrace(2), ptrace_scope), and nothing was changed.
    """
    doors = list(_doors(pid, port))
    try:
        for each in doors:
            each.setsockopt(socket.SOL_SOCKET, _SO_BINDTOIFINDEX, _NOWHERE)
    except OSError:
        return False
    finally:
        for each in doors:
            each.close()
    if not doors:
        return False
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

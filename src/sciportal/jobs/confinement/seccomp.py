"""A program without network: the kernel gives it no socket by which it could reach anybody.

Landlock knows TCP since ABI 4, and sockets in the file system since ABI 9, so that another part of
the kernel keeps a promise that all of them can hold: seccomp(2) in filter mode. Pairs of connected
sockets, with which a program speaks to its own children, stay.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import NamedTuple

from sciportal.service.errors import ServiceError

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
# Classic BPF: load a word, compare, return.
_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
# Places in struct seccomp_data; low words of arguments on little-endian machines.
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_SOCK_DGRAM, _TYPE_MASK = 2, 0xF
# x86_64 can also call by the numbers of x32.
_X32 = 0x40000000
_IO_URING_SETUP = 425


class Machine(NamedTuple):
    """How an architecture numbers what is filtered."""

    audit: int
    socket: int
    socketpair: int
    x32: bool = False


MACHINES = {
    "x86_64": Machine(0xC000003E, 41, 53, x32=True),
    "aarch64": Machine(0xC00000B7, 198, 199),
}


def is_known() -> bool:
    """Whether this machine's calls are known."""
    return os.uname().machine in MACHINES


def without_network(machine: Machine) -> bytes:
    """The filter."""
    denied, missing = _ERRNO | errno.EACCES, _ERRNO | errno.ENOSYS
    # (code, word, jump if true, jump if false); jumps count from the next line.
    code = [
        (_LOAD, _ARCHITECTURE, 0, 0),
        (_EQUAL, machine.audit, 1, 0),
        (_RETURN, _KILL, 0, 0),
        (_LOAD, _NUMBER, 0, 0),
    ]
    if machine.x32:
        code += [(_AT_LEAST, _X32, 0, 1), (_RETURN, missing, 0, 0)]
    code += [
        (_EQUAL, machine.socket, 0, 1),
        (_RETURN, denied, 0, 0),
        # Rings make sockets as well.
        (_EQUAL, _IO_URING_SETUP, 0, 1),
        (_RETURN, missing, 0, 0),
        # A pair of datagram sockets can be connected anew, to anybody.
        (_EQUAL, machine.socketpair, 0, 4),
        (_LOAD, _FIRST_ARGUMENT + 8, 0, 0),
        (_AND, _TYPE_MASK, 0, 0),
        (_EQUAL, _SOCK_DGRAM, 0, 1),
        (_RETURN, denied, 0, 0),
        (_RETURN, _ALLOW, 0, 0),
    ]
    return b"".join(struct.pack("=HBBI", op, yes, no, word) for op, word, yes, no in code)


def close_network() -> None:
    """Let this process, and all that it starts, have no more sockets.

    Its right to gain privileges has to be gone already.

    Raises:
        ServiceError: the kernel refused.
    """
    text = without_network(MACHINES[os.uname().machine])
    code = ctypes.create_string_buffer(text, len(text))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    program = Program(len(text) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
        found = os.strerror(ctypes.get_errno())
        raise ServiceError("close the network to a program", found, "give --network host")

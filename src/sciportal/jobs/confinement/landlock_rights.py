"""Which rights Landlock mediates in which version of its interface, and what that leaves open.

Source: the kernel's Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h.
"""

from __future__ import annotations

from typing import NamedTuple

EXECUTE = 1 << 0
WRITE_FILE = 1 << 1
READ_FILE = 1 << 2
READ_DIR = 1 << 3
REFER = 1 << 13
TRUNCATE = 1 << 14
IOCTL_DEV = 1 << 15
RESOLVE_UNIX = 1 << 16
# Removing and making of every kind, bits 4 to 12; devices of both kinds are not for jobs.
_CHANGE = ((1 << 13) - 1) ^ (EXECUTE | WRITE_FILE | READ_FILE | READ_DIR)
_MAKE_DEVICE = (1 << 6) | (1 << 11)

BIND_TCP, CONNECT_TCP = 1 << 0, 1 << 1
SCOPE_ABSTRACT_SOCKET, SCOPE_SIGNAL = 1 << 0, 1 << 1

READ = EXECUTE | READ_FILE | READ_DIR
# What a rule about a file, not a directory, may name.
OF_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV | RESOLVE_UNIX


class Handled(NamedTuple):
    """What a ruleset forbids unless a rule allows it."""

    files: int
    network: int
    scoped: int
    size: int
    """Bytes of the structure that the kernel of that version knows."""


def handled(abi: int, *, network: bool) -> Handled:
    """What is handled in a version of the interface; a newer one is taken as the newest known.

    Args:
        abi: the version, from 1.
        network: whether the program may use the network.
    """
    files = READ | WRITE_FILE | _CHANGE
    for since, right in ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEV), (9, RESOLVE_UNIX)):
        files |= right if abi >= since else 0
    tcp = BIND_TCP | CONNECT_TCP if abi >= 4 and not network else 0
    scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL if abi >= 6 else 0
    return Handled(files, tcp, scoped, 24 if abi >= 6 else 16 if abi >= 4 else 8)


def own(abi: int) -> int:
    """Rights in the job's own directory."""
    return handled(abi, network=True).files & ~_MAKE_DEVICE


def leaves_open(abi: int, *, network: bool) -> list[str]:
    """What a program can still do to other jobs of its account."""
    found = [
        "see that files and processes of other jobs are there, with sizes and command lines",
        "change modes, owners and times of their files",
        "use their System V shared memory, semaphores and message queues",
    ]
    if abi < 3:
        found.append("empty their files")
    if abi < 6:
        found.append("send them signals")
    if network:
        found.append("connect to their ports")
        if abi < 6:
            found.append("connect to their abstract sockets")
        if abi < 9:
            found.append("connect to sockets in their directories")
    return found

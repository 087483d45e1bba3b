"""Ports of this machine, for programs that tests start.

They are none of those that the kernel gives to whoever asks for any (ip_local_port_range of
ip(7)), and each is reserved by a Unix socket with its number in its name, as long as the process
lives that asked for it. So another process of the tests is never given the same one, though nobody
listens at it yet.
"""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from pathlib import Path

_ANY = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LAST = 65_535
# Where the kernel leaves so few above, those below are taken.
_FEW, _FIRST = 1_000, 20_000
# What reserves a port, until this process ends.
_held: list[socket.socket] = []


def free_ports(number: int) -> list[int]:
    """Ports at which nobody listens, and that no other process of the tests is given."""
    found: list[int] = []
    every = candidates()
    for each in random.sample(every, len(every)):
        if len(found) == number:
            break
        if _reserve(each):
            found.append(each)
    assert len(found) == number, "there are no ports left"
    return found


def candidates() -> range:
    """All ports that tests may be given."""
    lowest, highest = map(int, _ANY.read_text().split())
    above = range(highest + 1, _LAST + 1)
    return above if len(above) >= _FEW else range(_FIRST, lowest)


def is_open(port: int) -> bool:
    """Whether somebody listens at a port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _reserve(port: int) -> bool:
    # The kernel forgets such a name with the socket, however its process ends.
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0sciportal-tests-port-{port}")
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(("", port))
    except OSError:
        mark.close()
        return False
    _held.append(mark)
    return True

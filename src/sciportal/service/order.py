"""What the batch script of a service tells the runner."""

from __future__ import annotations

import sys

from sciportal.light import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Order(NamedTuple):
    """One service as its job is to run it."""

    service: str
    executable: str
    """Absolute path, in the account's home."""
    home: str
    policy: str
    """When the main process is started again, see restart.py."""
    stop_timeout: int
    """Seconds that it has to end after its signal."""


def command(order: Order) -> list[str]:
    """The command line of the runner."""
    return [sys.executable, "-I", "-m", "sciportal.service.runner", *map(str, order)]


def parse(words: Sequence[str]) -> Order:
    """The order in the runner's arguments.

    Raises:
        ValueError: they are none.
    """
    service, executable, home, policy, stop_timeout = words
    return Order(service, executable, home, policy, int(stop_timeout))

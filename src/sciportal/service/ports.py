"""Which port a service gets."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service.errors import ServiceError
from sciportal.service.kinds import PORT_SPAN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def candidates(uid: int, base: int, lowest: int, highest: int) -> Iterator[int]:
    """Ports in the order in which an account tries them.

    The first is `uid modulo 8192, adding` the base (seed 000), so that most accounts have a
    port of their own; then the next ones, round the end of the range.

    Args:
        uid: of the account.
        base: first port of the service's kind.
        lowest: lowest port of the site.
        highest: highest port of the site.
    """
    first, last = max(base, lowest), min(base + PORT_SPAN - 1, highest)
    size = last - first + 1
    for step in range(size):
        yield first + (uid % PORT_SPAN + step) % size


def choose(
    uid: int, base: int, lowest: int, highest: int, taken: Collection[int], limit: int = PORT_SPAN
) -> int:
    """The first candidate that is not taken.

    Raises:
        ServiceError: every one is.
    """
    tries = zip(range(limit), candidates(uid, base, lowest, highest), strict=False)
    for _number, port in tries:
        if port not in taken:
            return port
    raise ServiceError(
        "a port",
        f"all from {max(base, lowest)} to {min(base + PORT_SPAN - 1, highest)} are taken",
        "ask the operators for a wider range",
    )


def check(port: int, lowest: int, highest: int) -> None:
    """Make sure that a port which the account chose is one for services.

    Raises:
        ServiceError: it is not.
    """
    if not lowest <= port <= highest:
        raise ServiceError(
            "a port", f"{port} is not one for services", f"use {lowest} to {highest}, or 'auto'"
        )

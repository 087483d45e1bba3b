"""Remote clusters pull their jobs, so nothing is sent to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciportal.jobs.queue.backend import Attempt, Collected, Parcel, Tail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sciportal.jobs.order import Order
    from sciportal.jobs.queue.backend import Sight
    from sciportal.jobs.written import WrittenFiles
    from sciportal.service.errors import ServiceError


class DispatchBackend:
    """A `Backend` that does nothing: claims, heartbeats and reports of workers are the store's.

    Args:
        written: what workers tell of running jobs.
    """

    pulls = True

    def __init__(self, written: WrittenFiles) -> None:
        self._written = written

    def send(self, parcels: Sequence[Parcel]) -> Sequence[str | ServiceError]:
        """See `Backend`: a worker will ask for them."""
        return [""] * len(parcels)

    def look(self, orders: Sequence[Order]) -> Mapping[Attempt, Sight | Exception]:  # noqa: ARG002
        """See `Backend`: its worker tells."""
        return {}

    def cancel(self, attempt: Attempt) -> None:
        """See `Backend`: its worker is told at its next heartbeat."""

    def withdraw(self, attempt: Attempt) -> None:
        """See `Backend`: its worker does."""

    def collect(self, order: Order, into: Path) -> Collected:  # noqa: ARG002
        """See `Backend`: its worker brings them."""
        return Collected()

    def tail(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail:
        """See `Backend`: its worker tells the end of it."""
        return self._written.piece(attempt, stream, start, most)

    def clean(self, attempt: Attempt) -> None:
        """See `Backend`: its worker does."""

    def close(self) -> None:
        """See `Backend`: nothing is under way."""

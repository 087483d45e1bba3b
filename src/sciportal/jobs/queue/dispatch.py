"""Remote clusters pull their jobs, so nothing is sent to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciportal.jobs.queue.backend import Attempt, Collected, Tail
from sciportal.service.errors import NotRunningError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sciportal.jobs.order import Order
    from sciportal.jobs.queue.backend import Sight


class DispatchBackend:
    """A `Backend` that does nothing: claims, heartbeats and reports of workers are the store's."""

    pulls = True

    def send(self, order: Order, inputs: Path) -> str:  # noqa: ARG002  # the protocol's
        """See `Backend`: a worker will ask for it."""
        return ""

    def look(self, orders: Sequence[Order]) -> Mapping[Attempt, Sight | Exception]:  # noqa: ARG002
        """See `Backend`: its worker tells."""
        return {}

    def cancel(self, attempt: Attempt) -> None:
        """See `Backend`: its worker is told at its next heartbeat."""

    def collect(self, order: Order, into: Path) -> Collected:  # noqa: ARG002
        """See `Backend`: its worker brings them."""
        return Collected()

    def tail(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail:  # noqa: ARG002
        """See `Backend`: what is far away is seen when it is over."""
        found = "it is on another cluster, whose worker brings it when the job has ended"
        raise NotRunningError("read what a job writes", found, "wait for its end")

    def clean(self, attempt: Attempt) -> None:
        """See `Backend`: its worker does."""

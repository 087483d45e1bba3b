"""A job that its batch system forgot, before or while its node begins with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from batch.own_slurm import wait_for
from batch.portal import Portal, turn
from batch.processes import ProcessBackend
from sciportal.jobs import script
from sciportal.jobs.order import Order
from sciportal.jobs.queue.backend import Attempt, Phase, Sight


class Forgetful(ProcessBackend):
    """It forgets first attempts, which their node begins with just when they are cancelled, or not.

    Args:
        begins: which of both.
        like: whose directories and programs it has.
    """

    def __init__(self, begins: bool, like: ProcessBackend) -> None:
        super().__init__(like._root, like._programs)
        self._begins = begins

    def start(self, order: Order, inputs: Path) -> str:
        """Have it begin only where it is another attempt."""
        return super().start(order, inputs) if order.attempt > 1 else "17"

    def look(self, orders: Sequence[Order]) -> Mapping[Attempt, Sight | Exception]:
        """Know only what began."""
        return {
            attempt: Sight(Phase.FORGOTTEN) if seen == Sight(Phase.ABSENT) else seen
            for attempt, seen in super().look(orders).items()
        }

    def cancel(self, attempt: Attempt) -> None:
        """Come too late where it begins."""
        if self._begins:
            self.directory(attempt).mkdir(parents=True)
            (self.directory(attempt) / script.EXIT).write_text("3")


@pytest.mark.parametrize(("begins", "attempt", "code"), [(True, 1, 3), (False, 2, 0)])
def test_it_is_sent_again_unless_it_begins_meanwhile(
    portal: Portal, backend: ProcessBackend, begins: bool, attempt: int, code: int
) -> None:
    now = [0.0]
    keeper = portal.keeper(Forgetful(begins, backend), clock=lambda: now[0])
    job = portal.submit("true")
    turn(keeper)
    keeper.reconcile()
    assert portal.job(job.id).attempt == 1
    now[0] = 10
    keeper.reconcile()
    assert portal.job(job.id).attempt == attempt

    def is_over() -> bool:
        for each in (partial(turn, keeper), keeper.reconcile):
            each()
        return portal.job(job.id).final

    wait_for(is_over)
    assert portal.job(job.id).exit_code == code
    assert [each.final for each in portal.store.events(job.id)].count(True) == 1

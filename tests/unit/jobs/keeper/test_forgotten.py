"""A job that its batch system forgot, and that may come up all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from batch.own_slurm import wait_for
from batch.portal import Portal, turn
from batch.processes import ProcessBackend
from sciportal.jobs.order import Order
from sciportal.jobs.queue.backend import Attempt, Phase, Sight

BEGUN = Sight(Phase.ABSENT)
"""Of a job that runs though nobody knows it."""


class Forgetful(ProcessBackend):
    """It forgets first attempts, of which more is seen just when they are withdrawn.

    Args:
        sights: what is seen of them then, one after the other; nothing where they stay away.
        like: whose directories and programs it has.
    """

    def __init__(self, sights: Sequence[Sight], like: ProcessBackend) -> None:
        super().__init__(like._root, like._programs)
        self._sights = list(sights)
        self._comes = False

    def start(self, order: Order, inputs: Path) -> str:
        """Have it begin only where it is another attempt."""
        return super().start(order, inputs) if order.attempt > 1 else "17"

    def look(self, orders: Sequence[Order]) -> Mapping[Attempt, Sight | Exception]:
        """Know only what comes up."""
        return {Attempt.of(each): self._seen(Attempt.of(each)) for each in orders}

    def _seen(self, attempt: Attempt) -> Sight:
        if attempt.attempt > 1:
            return self._sight(attempt)
        if self._comes and self._sights:
            return self._sights.pop(0)
        return Sight(Phase.ENDED, 3) if self._comes else Sight(Phase.FORGOTTEN)

    def withdraw(self, attempt: Attempt) -> None:
        """Come too late where something is seen of it."""
        super().withdraw(attempt)
        self._comes = bool(self._sights)

    def cancel(self, attempt: Attempt) -> None:
        """Nobody wants that."""
        raise AssertionError(attempt)


@pytest.mark.parametrize(
    ("sights", "attempt", "code"),
    [
        ([], 2, 0),
        ([Sight(Phase.ENDED, 3)], 1, 3),
        ([Sight(Phase.WAITING), Sight(Phase.WAITING), Sight(Phase.RUNNING)], 1, 3),
        # Its node has begun with it; for how long nobody knew it before says nothing now.
        ([BEGUN, Sight(Phase.RUNNING)], 1, 3),
    ],
)
def test_it_is_sent_again_unless_it_comes_up_meanwhile(
    portal: Portal, backend: ProcessBackend, sights: Sequence[Sight], attempt: int, code: int
) -> None:
    now = [0.0]
    keeper = portal.keeper(Forgetful(sights, backend), clock=lambda: now[0])
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

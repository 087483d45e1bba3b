"""Who is slow, or makes what is done for them slow, keeps nobody else from anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.own_slurm import wait_for
from batch.portal import Portal
from batch.processes import ProcessBackend
from sciportal.jobs.keeper.due import LANES, SLOW_SECONDS
from sciportal.jobs.keeper.keeper import Keeper
from sciportal.jobs.order import Order
from sciportal.jobs.states import State
from sciportal.service.errors import UnknownError


class Hanging(ProcessBackend):
    """One that does not answer about some users, until a test lets it, or it is closed."""

    hostile: frozenset[str] = frozenset()

    def __init__(self, before: ProcessBackend) -> None:
        super().__init__(before._root, before._programs)
        self.answers = threading.Event()
        self.asked: list[str] = []

    def start(self, order: Order, inputs: Path) -> str:
        """Do it, or hang."""
        self.asked.append(order.user)
        if order.user in self.hostile:
            self.answers.wait()
            raise UnknownError("submit a job", "no answer in time", "try again")
        return super().start(order, inputs)

    def close(self) -> None:
        """See `Backend`."""
        self.answers.set()


@pytest.fixture
def hanging(backend: ProcessBackend) -> Iterator[Hanging]:
    """It."""
    made = Hanging(backend)
    yield made
    made.close()


class Clock:
    """Goes on by a second a turn, and stands still between."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def goes_all_the_way(portal: Portal, keeper: Keeper, clock: Clock, job_id: int) -> None:
    """A job is sent, seen to end, and its results are fetched, while the keeper takes turns."""

    def is_done() -> bool:
        keeper.turn()
        clock.now += 1
        return portal.job(job_id).collected_at is not None

    wait_for(is_done)
    assert portal.job(job_id).state is State.COMPLETE


def test_an_account_that_hangs_keeps_nobody_else_waiting(portal: Portal, hanging: Hanging) -> None:
    hanging.hostile = frozenset({"mallory"})
    clock = Clock()
    keeper = portal.keeper(hanging, clock=clock)
    for _job in range(3 * LANES):
        portal.submit("true", user="mallory")
    keeper.turn()
    wait_for(lambda: hanging.asked == ["mallory"])
    goes_all_the_way(portal, keeper, clock, portal.submit("true", user="alice").id)
    # Many jobs are one step.
    assert hanging.asked.count("mallory") == 1
    hanging.answers.set()


def test_as_many_as_there_are_lanes_hold_up_others_for_a_moment_only(
    portal: Portal, hanging: Hanging
) -> None:
    hanging.hostile = frozenset(f"mallory{number}" for number in range(LANES))
    clock = Clock()
    keeper = portal.keeper(hanging, clock=clock)
    for user in sorted(hanging.hostile):
        portal.submit("true", user=user)
    zoe = portal.submit("true", user="zoe")
    keeper.turn()
    wait_for(lambda: frozenset(hanging.asked) == hanging.hostile)
    keeper.turn()
    assert not portal.job(zoe.id).sent_at
    clock.now = SLOW_SECONDS + 1
    goes_all_the_way(portal, keeper, clock, zoe.id)
    assert len(hanging.asked) == LANES + 1


def test_ending_cuts_short_what_hangs(portal: Portal, hanging: Hanging) -> None:
    hanging.hostile = frozenset({"mallory"})
    keeper = portal.keeper(hanging)
    job = portal.submit("true", user="mallory")
    keeper.turn()
    wait_for(lambda: hanging.asked == ["mallory"])
    keeper.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("keeper-slurm")]
    # It may have been handed over: the next keeper finds out.
    assert not portal.job(job.id).final
    assert [each.id for each in portal.store.unsent("slurm")] == [job.id]


def test_a_mistake_of_ours_costs_nobody_else_anything(
    portal: Portal, hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = portal.files.inputs_place

    def broken(job_id: int) -> Path:
        if portal.job(job_id).owner == "mallory":
            raise RecursionError
        return whole(job_id)

    monkeypatch.setattr(portal.files, "inputs_place", broken)
    clock = Clock()
    keeper = portal.keeper(hanging, clock=clock)
    portal.submit("true", user="mallory")
    goes_all_the_way(portal, keeper, clock, portal.submit("true", user="alice").id)
    assert any("RecursionError" in line for line in portal.logged)


def test_one_job_that_fails_keeps_no_other_of_its_owner(
    portal: Portal, hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect = ProcessBackend.collect
    bad = portal.submit("true")

    def failing(self: ProcessBackend, order: Order, into: Path) -> object:
        if order.job == bad.id:
            raise UnknownError("fetch results", "no answer in time", "try again")
        return collect(self, order, into)

    monkeypatch.setattr(ProcessBackend, "collect", failing)
    clock = Clock()
    keeper = portal.keeper(hanging, clock=clock)
    goes_all_the_way(portal, keeper, clock, portal.submit("true").id)
    assert portal.job(bad.id).collected_at is None

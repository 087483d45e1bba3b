"""Several jobs of one owner, handed over in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from batch.portal import Portal, turn
from batch.processes import ProcessBackend
from sciportal.jobs.keeper.handover import MOST_JOBS, together
from sciportal.jobs.order import InputFile, Order
from sciportal.jobs.queue.backend import Parcel
from sciportal.jobs.states import State
from sciportal.service.errors import NotPermittedError, ServiceError, UnknownError, UsageError

DIGEST = "0" * 64


class Calls(ProcessBackend):
    """One that notes which jobs came in which call, and does not take all of some calls."""

    def __init__(self, before: ProcessBackend) -> None:
        super().__init__(before._root, before._programs)
        self.calls: list[list[int]] = []
        self.most = 100
        self.malformed = 0
        self.refused: dict[int, ServiceError] = {}
        self.error: ServiceError | None = None

    def send(self, parcels: Sequence[Parcel]) -> Sequence[str | ServiceError]:
        """See `Backend`."""
        jobs = [each.order.job for each in parcels]
        self.calls.append(jobs)
        if self.error:
            raise self.error
        if self.malformed in jobs:
            raise UsageError("read a request", "it is no request", "use the same version")
        return super().send(parcels[: self.most])

    def start(self, order: Order, inputs: Path) -> str:
        """Start a job, or refuse it."""
        if order.job in self.refused:
            raise self.refused[order.job]
        return super().start(order, inputs)


@pytest.fixture
def calls(backend: ProcessBackend) -> Calls:
    """It."""
    return Calls(backend)


def states(portal: Portal, jobs: Sequence[int]) -> list[State]:
    """The states of jobs."""
    return [portal.job(each).state for each in jobs]


def test_jobs_of_one_owner_go_in_one_call(portal: Portal, calls: Calls) -> None:
    jobs = [portal.submit("true").id for _each in range(MOST_JOBS + 3)]
    other = portal.submit("true", user="bob").id
    keeper = portal.keeper(calls)
    turn(keeper)
    assert sorted(calls.calls) == [jobs[:MOST_JOBS], [other]]
    turn(keeper)
    assert calls.calls[2:] == [jobs[MOST_JOBS:]]
    assert all(portal.job(each).batch_id for each in [*jobs, other])


def test_those_that_a_call_did_not_come_to_go_in_the_next(portal: Portal, calls: Calls) -> None:
    calls.most = 2
    jobs = [portal.submit("true").id for _each in range(3)]
    keeper = portal.keeper(calls)
    turn(keeper)
    assert [bool(portal.job(each).batch_id) for each in jobs] == [True, True, False]
    turn(keeper)
    assert calls.calls == [jobs, jobs[2:]]


def test_each_is_answered_for_itself(portal: Portal, calls: Calls) -> None:
    refused, unknown, good = (portal.submit("true").id for _each in range(3))
    calls.refused = {
        refused: ServiceError("submit a job", "no such partition", "ask for another"),
        unknown: UnknownError("submit a job", "no answer in time", "try again"),
    }
    turn(portal.keeper(calls))
    assert portal.job(refused).state is State.ERROR
    assert portal.job(refused).reason == "no such partition; ask for another"
    assert portal.job(good).batch_id
    assert portal.job(unknown).state is State.PENDING
    assert "no answer in time" in portal.job(unknown).reason


def test_one_that_spoils_the_call_is_found(portal: Portal, calls: Calls) -> None:
    jobs = [portal.submit("true").id for _each in range(3)]
    calls.malformed = jobs[1]
    turn(portal.keeper(calls))
    assert calls.calls == [jobs, *([each] for each in jobs)]
    assert [bool(portal.job(each).batch_id) for each in jobs] == [True, False, True]
    assert portal.job(jobs[1]).state is State.PENDING
    assert "it is no request" in portal.job(jobs[1]).reason


def test_who_answers_nothing_about_a_job_that_is_alone_is_asked_again(
    portal: Portal, calls: Calls
) -> None:
    jobs = [portal.submit("true").id for _each in range(2)]
    calls.malformed, calls.most = jobs[1], 0
    keeper = portal.keeper(calls)
    turn(keeper)
    assert states(portal, jobs) == [State.PENDING] * 2
    assert not any("Traceback" in line for line in portal.logged)
    assert calls.calls == [jobs, *([each] for each in jobs)]


def test_jobs_wait_for_a_helper_of_another_version(portal: Portal, calls: Calls) -> None:
    jobs = [portal.submit("true").id for _each in range(2)]
    calls.error = UsageError("read an order", "'walltime' is not known", "use the same version")
    turn(portal.keeper(calls))
    assert states(portal, jobs) == [State.PENDING] * 2
    assert all("'walltime' is not known" in portal.job(each).reason for each in jobs)
    calls.error = None
    turn(portal.keeper(calls))
    assert all(portal.job(each).batch_id for each in jobs)


def test_who_left_the_map_is_asked_for_once(portal: Portal, calls: Calls) -> None:
    calls.error = NotPermittedError("the account of a job", "'alice' has none", "ask")
    jobs = [portal.submit("true").id for _each in range(3)]
    turn(portal.keeper(calls))
    assert calls.calls == [jobs]
    assert states(portal, jobs) == [State.ERROR] * 3


def test_a_job_whose_inputs_are_not_whole_waits_alone(portal: Portal, calls: Calls) -> None:
    files = (InputFile("data", 4, DIGEST),)
    cut, good = portal.submit("true", files), portal.submit("true", files)
    for job, data in ((cut, "123"), (good, "1234")):
        place = portal.files.inputs_place(job.id)
        place.mkdir(parents=True)
        (place / "data").write_text(data)
    turn(portal.keeper(calls))
    assert calls.calls == [[good.id]]
    assert portal.job(cut.id).state is State.PENDING
    assert any("its input data is not whole" in line for line in portal.logged)


def test_a_call_has_so_many_jobs_or_bytes(portal: Portal) -> None:
    small = [portal.submit("true") for _each in range(2 * MOST_JOBS)]
    large = [portal.submit("true", (InputFile("data", 1 << 20, DIGEST),)) for _each in range(3)]
    huge = portal.submit("true", (InputFile("data", 1 << 30, DIGEST),))
    assert together([]) == []
    assert together(small) == small[:MOST_JOBS]
    assert together(small[:MOST_JOBS]) == small[:MOST_JOBS]
    assert together(large) == large[:1]
    assert together([*small[:3], huge, *small[3:]]) == small[:3]
    assert together([huge, *small]) == [huge]

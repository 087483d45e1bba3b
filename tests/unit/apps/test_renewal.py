"""Old processes are replaced, and what uwsgi leaves behind is found."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from sciportal.apps.instance import Instance, Worker
from sciportal.apps.place import Place
from sciportal.apps.renewal import Order, Progress, Seams, progress, renew
from sciportal.service.errors import NotRunningError, ServiceError

PLACE = Place(Path("/home/poms"), Path("/state/poms"), "poms")
OLD = frozenset({1, 2})


def workers(*pids: int, loading: int = 0, going: int = 0) -> Instance:
    found = [Worker(pid, pid != loading, pid == going) for pid in pids]
    return Instance(100, tuple(found))


class Master:
    """An instance that shows one state after another, the last one for ever."""

    def __init__(self, *states: Instance | None) -> None:
        self.states = list(states)
        self.orders: list[str] = []
        self.killed: list[tuple[int, int]] = []
        self.time = 0.0

    def ask(self, _: Place) -> Instance | None:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def seams(self) -> Seams:
        return Seams(
            self.ask,
            lambda _, order: self.orders.append(order),
            lambda pid, number: self.killed.append((pid, number)),
            lambda: self.time,
            self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def test_it_is_over_when_no_old_process_is_left_and_a_new_one_answers() -> None:
    assert progress(OLD, workers(1, 3)) == Progress(frozenset({1}), frozenset(), done=False)
    assert not progress(OLD, workers(3, loading=3)).done
    assert not progress(OLD, workers()).done
    assert progress(OLD, workers(3, 4)).done


def test_silence_is_not_the_end() -> None:
    assert progress(OLD, None) == Progress(OLD, frozenset(), done=False)


def test_a_chain_is_asked_for_once_and_waited_for() -> None:
    master = Master(workers(1, 2), workers(1, 2), workers(2, 3), workers(3, 4))
    renew(PLACE, Order.CHAIN, 60, master.seams())
    assert master.orders == ["c"]
    assert master.killed == []


def test_a_process_that_uwsgi_gave_up_but_that_still_answers_is_ended() -> None:
    going = workers(1, 3, 4, going=1)
    master = Master(workers(1, 2), going, going, workers(3, 4))
    renew(PLACE, Order.CHAIN, 60, master.seams())
    assert master.killed == [(1, signal.SIGHUP)]


def test_a_chain_that_passed_over_a_process_is_asked_for_again() -> None:
    stuck = [workers(1, 3)] * 80
    master = Master(workers(1, 2), *stuck, workers(3, 4))
    renew(PLACE, Order.CHAIN, 60, master.seams())
    assert master.orders == ["c", "c"]


def test_a_full_one_lives_through_the_time_without_an_instance() -> None:
    master = Master(workers(1, 2), None, None, workers(3, loading=3), workers(3, 4))
    renew(PLACE, Order.FULL, 60, master.seams())
    assert master.orders == ["r"]


def test_patience_has_an_end_that_says_what_is_left() -> None:
    with pytest.raises(ServiceError, match="1 old ones are there"):
        renew(PLACE, Order.CHAIN, 5, Master(workers(1, 2), workers(1, 3)).seams())


def test_what_does_not_run_is_not_renewed() -> None:
    master = Master(None)
    with pytest.raises(NotRunningError):
        renew(PLACE, Order.CHAIN, 5, master.seams())
    assert master.orders == []

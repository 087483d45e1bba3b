"""Workers take jobs, each job one worker, and lose them by silence."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from sqlalchemy.engine import Engine

from jobs.clock import Clock
from jobs.samples import new_job
from sciportal.jobs import states
from sciportal.jobs.states import State
from sciportal.jobs.store.job import Job, NewJob
from sciportal.jobs.store.store import Store

T = TypeVar("T")
LEASE = 60.0
LOST = 900.0


def far(**more: str) -> NewJob:
    """A job for any worker."""
    return new_job(backend="dispatch", **more)


def at_once(number: int, action: Callable[[int], T]) -> list[T]:
    """What comes of doing something in some threads at the same time."""
    barrier = threading.Barrier(number)

    def act(index: int) -> T:
        barrier.wait(30)
        return action(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(act, range(number)))


def now(store: Store, job_id: int) -> Job:
    """A job as it is."""
    found = store.job(job_id)
    assert found is not None
    return found


def let_pass(store: Store, seconds: float) -> list[Job]:
    """Listen for some time; what was put back meanwhile."""
    steps = int(seconds / (LEASE / 4))
    return [job for _ in range(steps) for job in store.expire(LEASE / 4, LOST)]


def test_a_claim_takes_what_there_is_room_for(store: Store) -> None:
    ids = [store.submit(far()).id for _ in range(3)]
    store.submit(new_job())
    store.submit(far(host="elsewhere"))
    own = store.submit(far(host="one")).id
    claimed = store.claim("one", "first", 2, LEASE)
    assert [each.id for each in claimed] == ids[:2]
    assert {(each.state, each.worker) for each in claimed} == {(State.ACTIVE, "one")}
    assert store.claim("one", "none", 0, LEASE) == []
    rest = store.claim("one", "second", 10, LEASE)
    assert [each.id for each in rest] == [ids[2], own]


def test_a_claim_repeated_gives_the_same(store: Store) -> None:
    store.submit(far())
    first = store.claim("one", "request", 5, LEASE)
    store.submit(far())
    assert store.claim("one", "request", 5, LEASE) == first
    assert store.claim("two", "request", 5, LEASE) != first


def test_an_empty_answer_is_repeated_too(store: Store) -> None:
    assert store.claim("one", "request", 5, LEASE) == []
    store.submit(far())
    assert store.claim("one", "request", 5, LEASE) == []
    assert len(store.claim("one", "next", 5, LEASE)) == 1


@pytest.mark.parametrize("room", [1, 3])
def test_one_claim_made_many_times_at_once_is_one(store: Store, room: int) -> None:
    for turn in range(5):
        for _ in range(4):
            store.submit(far())
        answers = at_once(
            8, lambda _index, turn=turn: store.claim("one", f"request {turn}", room, LEASE)
        )
        assert len(answers[0]) == room
        assert all(answer == answers[0] for answer in answers)


def test_no_job_is_claimed_by_two(store: Store) -> None:
    ids = {store.submit(far()).id for _ in range(40)}
    answers = at_once(8, lambda index: store.claim(f"worker{index}", "request", 7, LEASE))
    # What another was just taking was not waited for, so some may be left.
    answers += [store.claim("last", "request", 40, LEASE)]
    claimed = [job.id for answer in answers for job in answer]
    assert sorted(claimed) == sorted(ids)


def test_silence_puts_a_job_back(store: Store) -> None:
    job = store.submit(far())
    store.claim("one", "request", 1, LEASE)
    assert let_pass(store, LEASE) == []
    (back,) = let_pass(store, LEASE / 4)
    assert (back.id, back.state, back.attempt, back.worker) == (job.id, State.PENDING, 2, "")
    assert store.claim("one", "request", 1, LEASE) == []
    beat = store.heartbeat("one", {job.id: 1}, LEASE)
    assert (beat.lost, beat.cancel) == ([job.id], [])
    (again,) = store.claim("two", "request", 1, LEASE)
    assert again.order.attempt == 2
    assert store.apply(job.id, states.finished(0), at_attempt=1).state is State.ACTIVE


def test_a_heartbeat_keeps_a_job(store: Store) -> None:
    job = store.submit(far())
    other = store.submit(far())
    store.claim("one", "request", 2, LEASE)
    store.want_cancel(other.id, State.CANCEL)
    for _ in range(10):
        assert let_pass(store, LEASE / 2) == []
        beat = store.heartbeat("one", {job.id: 1, other.id: 1, 4711: 1}, LEASE)
        assert (beat.lost, beat.cancel) == ([4711], [other.id])
    assert store.heartbeat("two", {job.id: 1}, LEASE).lost == [job.id]
    store.apply(job.id, states.finished(0))
    assert store.heartbeat("one", {job.id: 1}, LEASE).lost == [job.id]


def test_a_job_that_started_waits_for_its_worker_much_longer(store: Store) -> None:
    job = store.submit(far())
    store.claim("one", "request", 1, LEASE)
    store.apply(job.id, states.STARTED)
    assert let_pass(store, LEASE + LOST) == []
    (back,) = let_pass(store, LEASE / 4)
    assert (back.state, back.attempt) == (State.PENDING, 2)


def test_a_clock_that_is_set_takes_no_job(store: Store, clock: Clock) -> None:
    job = store.submit(far())
    store.claim("one", "request", 1, LEASE)
    for step in (10 * 365 * 86400, -20 * 365 * 86400):
        clock.pass_by(step)
        assert store.expire(1, LOST) == []
    assert now(store, job.id).state is State.ACTIVE


def test_a_portal_that_was_away_takes_no_job(store: Store) -> None:
    job = store.submit(far())
    store.claim("one", "request", 1, LEASE)
    store.apply(job.id, states.STARTED)
    assert store.expire(7 * 86400, LOST) == []
    assert store.heartbeat("one", {job.id: 1}, LEASE).lost == []


def test_a_silent_workers_job_that_was_to_be_cancelled_is(store: Store) -> None:
    job = store.submit(far())
    store.claim("one", "request", 1, LEASE)
    store.want_cancel(job.id, State.DELETE)
    (ended,) = let_pass(store, LEASE + LEASE / 4)
    assert (ended.id, ended.state) == (job.id, State.DELETE)


def test_many_at_once_do_everything(
    store: Store, database_url: str, connect: Callable[[str], Engine]
) -> None:
    ids = [store.submit(far()).id for _ in range(30)]
    stores = [Store(connect(database_url)) for _ in range(4)]

    def work(index: int) -> None:
        mine = stores[index % len(stores)]
        running: dict[int, int] = {}
        for turn in range(12):
            for job in mine.claim(f"worker{index}", str(turn), 2, LEASE):
                running[job.id] = job.attempt
                mine.apply(job.id, states.STARTED, job.attempt)
            mine.heartbeat(f"worker{index}", running, LEASE)
            mine.expire(0.01, LOST)
            for job_id, attempt in list(running.items())[:3]:
                mine.apply(job_id, states.finished(0), attempt)
                del running[job_id]
        for job_id, attempt in running.items():
            mine.apply(job_id, states.finished(1), attempt)

    at_once(4, work)
    for job_id in ids:
        assert now(store, job_id).final
        assert [event.final for event in store.events(job_id)].count(True) == 1

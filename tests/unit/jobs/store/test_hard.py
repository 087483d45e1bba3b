"""Exactly one end a job, whoever works on it at once and whoever is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from jobs.postgresql import Server
from jobs.samples import new_job
from sciportal.jobs import states
from sciportal.jobs.errors import AwayError, QuotaError
from sciportal.jobs.states import Event, State
from sciportal.jobs.store import engine, migrations
from sciportal.jobs.store.job import Job, Listing
from sciportal.jobs.store.store import Store
from sciportal.jobs.store.tables import EVENTS, JOBS

ENDS = [
    states.finished(0),
    states.finished(7),
    states.lost("gone"),
    states.refused("no"),
    states.CANCELLED,
    states.DELETED,
]
_FORK = multiprocessing.get_context("fork")


def check_ends(store: Store, ids: list[int]) -> None:
    """Each job ended once, and says what its one last event says."""
    for job_id in ids:
        job = store.job(job_id)
        assert job is not None
        ends = [event for event in store.events(job_id) if event.final]
        assert len(ends) == 1, (job, store.events(job_id))
        assert job.final
        assert job.ended_at == ends[0].at


def end_all(url: str, ids: list[int], seed: int) -> None:
    """End all jobs, each time in another order and way."""
    mine = Store(engine.connect(url))
    for place, job_id in enumerate(ids[seed:] + ids[:seed]):
        mine.apply(job_id, [states.SENT, states.STARTED][(place + seed) % 2])
        mine.apply(job_id, ENDS[(place * 5 + seed) % len(ENDS)])


def test_threads_end_a_job_once(store: Store) -> None:
    ids = [store.submit(new_job()).id for _ in range(10)]

    def end(pair: tuple[int, Event]) -> Job:
        return store.apply(*pair)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(end, [(job_id, event) for job_id in ids for event in ENDS]))
    check_ends(store, ids)


def test_processes_end_a_job_once(store: Store, database_url: str) -> None:
    ids = [store.submit(new_job()).id for _ in range(10)]
    store.engine.dispose()
    processes = [_FORK.Process(target=end_all, args=(database_url, ids, seed)) for seed in range(4)]
    for each in processes:
        each.start()
    for each in processes:
        each.join(60)
        assert each.exitcode == 0
    check_ends(store, ids)


def endlessly(url: str, seed: int) -> None:
    """Submit jobs, and send, claim and end whatever there is."""
    mine = Store(engine.connect(url))
    for turn in count(seed):
        backend = ["slurm", "dispatch"][turn % 2]
        mine.submit(new_job(backend=backend), (f"{seed} {turn}", "digest"))
        event = ENDS[turn % len(ENDS)]
        for job in mine.claim(f"worker{seed}", str(turn), 1, 60):
            mine.apply(job.id, event, job.attempt)
        for job in mine.unsent("slurm", 1):
            mine.apply(job.id, states.SENT)
            mine.apply(job.id, event)


def test_who_is_killed_in_the_middle_leaves_nothing_half_done(
    store: Store, database_url: str
) -> None:
    for turn in range(8):
        before = len(store.jobs(Listing(limit=100_000)))
        store.engine.dispose()
        process = _FORK.Process(target=endlessly, args=(database_url, turn))
        process.start()
        assert process.pid
        try:
            deadline = time.monotonic() + 60
            while len(store.jobs(Listing(limit=100_000))) < before + 2:
                assert time.monotonic() < deadline
            # Anywhere in what it does.
            time.sleep(turn * 0.0037)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.join(30)
    listed = store.jobs(Listing(limit=100_000))
    assert len(listed) > 10
    for job in listed:
        events = store.events(job.id)
        assert events[0].cause is states.Cause.SUBMITTED
        assert [event.final for event in events].count(True) == int(job.final)
    for job in store.unsent("slurm", 1000) + store.unsent("dispatch", 1000):
        store.apply(job.id, states.CANCELLED)
    store.expire(0, 0)
    for job in store.active("dispatch") + store.active("slurm"):
        store.apply(job.id, states.finished(0))
    check_ends(store, [job.id for job in listed])


def test_the_database_itself_refuses_a_second_end(store: Store) -> None:
    job = store.submit(new_job())
    store.apply(job.id, states.finished(0))
    again = {"job_id": job.id, "attempt": 1, "at": 1, "cause": "lost", "text": "", "final": True}
    with pytest.raises(IntegrityError), store.engine.begin() as connection:
        connection.execute(insert(EVENTS).values(**again))


def test_the_same_request_made_many_times_at_once_is_one_job(
    store: Store, database_url: str, connect: Callable[[str], Engine]
) -> None:
    stores = [Store(connect(database_url)) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        for turn in range(5):
            made = pool.map(
                lambda index, turn=turn: stores[index % 2].submit(
                    new_job(), (f"key {turn}", "digest"), most=turn + 1
                ),
                range(8),
            )
            assert len({job.id for job in made}) == 1
    assert len(store.jobs(Listing())) == 5


def test_a_quota_holds_when_many_submit_at_once(store: Store) -> None:
    def submit(_index: int) -> bool:
        try:
            store.submit(new_job(), most=5)
        except QuotaError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(submit, range(24))) == 5


def test_ten_thousand_jobs_are_listed_at_once(store: Store) -> None:
    first = store.submit(new_job())
    _copy(store, first, 10_000)
    for listing in (
        Listing(owner="alice", limit=100),
        Listing(limit=100, before=5000),
        Listing(owner="alice", states=frozenset({State.PENDING}), limit=100),
    ):
        assert _best(lambda listing=listing: len(store.jobs(listing)), 100) < 0.05
    every = Listing(owner="alice")
    assert _best(lambda: store.count(every), {State.PENDING: 10_001}) < 0.1


def _best(action: Callable[[], object], result: object) -> float:
    """Seconds that an action takes at best: a few milliseconds, but the machine may be busy."""
    taken = []
    for _ in range(20):
        began = time.perf_counter()
        assert action() == result
        taken.append(time.perf_counter() - began)
    return min(taken)


def _copy(store: Store, job: Job, times: int) -> None:
    """Fill the table with copies of a job."""
    with store.engine.execution_options(writes=True).begin() as connection:
        columns = [column.name for column in JOBS.c if column.name != "id"]
        words = ", ".join(f'"{name}"' for name in columns)
        connection.exec_driver_sql(
            f"INSERT INTO jobs ({words}) WITH RECURSIVE numbers(n) AS"  # noqa: S608
            f" (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {times})"
            f" SELECT {words} FROM jobs, numbers WHERE id = {job.id}"
        )


def test_a_database_that_is_away_is_said_and_comes_back(postgresql: Server) -> None:
    name = postgresql.create()
    database = engine.connect(postgresql.url(name))
    migrations.migrate(database)
    store = Store(database)
    job = store.submit(new_job())
    postgresql.say(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    _cut(postgresql, name)
    with pytest.raises(AwayError, match="not currently accepting"):
        store.apply(job.id, states.STARTED)
    postgresql.say(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert store.apply(job.id, states.STARTED).state is State.ACTIVE
    _cut(postgresql, name)
    assert store.job(job.id) is not None
    database.dispose()


def _cut(postgresql: Server, name: str) -> None:
    postgresql.say(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
    )


def test_a_database_without_tables_is_said(tmp_path: Path) -> None:
    database = engine.connect(f"sqlite:///{tmp_path}/portal.sqlite")
    with pytest.raises(AwayError, match="no such table"):
        Store(database).jobs(Listing())
    database.dispose()

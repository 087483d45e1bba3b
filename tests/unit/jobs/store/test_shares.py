"""What a share had counts, and knowing it costs no more for one that had thousands of jobs."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from sqlalchemy.engine import Connection

from jobs.clock import Clock
from jobs.samples import new_job
from sciportal.jobs.errors import QuotaError
from sciportal.jobs.states import State
from sciportal.jobs.store import engine, fair, jobs
from sciportal.jobs.store.store import Store

_DAY = 86_400


def test_jobs_of_the_window_count_and_no_others(store: Store, clock: Clock) -> None:
    chance = Random(6)  # noqa: S311  # the same days in each run
    had: dict[str, list[int]] = {"alice": [], "bob": []}
    for _turn in range(60):
        clock.pass_by(chance.choice((0, 1, 3600, 2 * _DAY, 9 * _DAY, 31 * _DAY)))
        owner = chance.choice(("alice", "alice", "bob"))
        job = store.submit(new_job(owner))
        recent = sum(at > job.submitted_at - fair.WINDOW for at in had[owner])
        assert job.priority == fair.priority(job.submitted_at, recent)
        had[owner].append(job.submitted_at)


def test_a_quota_counts_jobs_that_were_ended_and_begun_again(store: Store) -> None:
    for _turn in range(3):
        job = store.submit(new_job(), most=2)
        store.want_cancel(job.id, State.CANCEL)
    kept = [store.submit(new_job(), most=2) for _each in range(2)]
    with pytest.raises(QuotaError):
        store.submit(new_job(), most=2)
    store.want_cancel(kept[0].id, State.DELETE)
    store.submit(new_job(), most=2)


@pytest.mark.parametrize("most", [None, 10, 1_000_000])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_thousands_of_jobs_make_the_next_no_dearer(store: Store, most: int | None) -> None:
    few = _steps(store, most, ended=5)
    many = _steps(store, most, ended=3000)
    assert many < 2 * few


def _steps(store: Store, most: int | None, ended: int) -> int:
    """What a submission takes of SQLite's machine, after so many more jobs that have ended."""

    def fill(connection: Connection) -> None:
        for _each in range(ended):
            jobs.insert(connection, jobs.columns(new_job()), 0, None)
        connection.exec_driver_sql("UPDATE jobs SET state = 'CANCEL'")

    engine.write(store.engine, fill)
    steps = itertools.count()

    def submit(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert driver
        driver.set_progress_handler(lambda: next(steps) * 0, 1)
        jobs.insert(connection, jobs.columns(new_job()), 10, most)
        driver.set_progress_handler(None, 0)

    engine.write(store.engine, submit)
    return next(steps)

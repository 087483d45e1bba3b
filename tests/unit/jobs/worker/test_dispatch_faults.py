"""Whatever dies, is cut off or is lost: each job runs once, ends once, and its results are here."""

from __future__ import annotations

import os
import signal
import time

import pytest

from confined.place import UID
from dispatch.doomed import MOMENTS
from dispatch.far import LEASE, Far
from dispatch.wire import Wire
from sciportal.jobs import states
from sciportal.jobs.states import State
from sciportal.jobs.worker.entry import Entry, Step
from sciportal.jobs.worker.ledger import Ledger


def _killed_at(far: Far, moments: tuple[str, ...]) -> None:
    """A cluster for each moment, at which its worker is killed; the next worker goes on."""
    paths = {moment: far.cluster(f"far{n}") for n, moment in enumerate(moments)}
    for number in range(len(moments)):
        far.submit(host=f"far{number}")
    doomed = [far.start_worker(path, moment) for moment, path in paths.items()]
    far.until(lambda: all(each.poll() is not None for each in doomed))
    assert {each.returncode for each in doomed} == {-signal.SIGKILL}, far.told()
    for path in paths.values():
        far.start_worker(path)
    far.judge()
    far.idle(*paths.values())


def test_a_worker_killed_at_some_moments(far: Far) -> None:
    _killed_at(far, ("claim after", "put granted after", "start after", "post after"))


@pytest.mark.more
@pytest.mark.parametrize("part", range(4))
def test_a_worker_killed_at_any_moment(every_far: Far, part: int) -> None:
    _killed_at(every_far, MOMENTS[part::4])


def _storm(far: Far, jobs: int, seconds: float) -> None:
    """Everything at once: workers and portal killed, answers lost, the wire cut."""
    wire = Wire(far.port)
    names = ("one", "two", "three")
    paths = [far.cluster(name, wire.port, max_jobs=4) for name in names]
    for _ in range(jobs):
        far.submit()
    workers = [far.start_worker(path) for path in paths]
    end = time.monotonic() + seconds
    turn = 0
    while time.monotonic() < end or not wire.lost:
        turn += 1
        wire.loses = 3
        if turn % 3 == 0:
            far.kill_portal()
            far.start_portal()
        if turn % 4 == 0:
            wire.is_cut = True
            time.sleep(LEASE * 1.5)
            wire.is_cut = False
        which = turn % len(workers)
        workers[which].kill()
        workers[which].wait()
        time.sleep(0.3)
        workers[which] = far.start_worker(paths[which])
        time.sleep(1.5)
    far.wait(600)
    far.judge()
    far.idle(*paths)
    wire.close()


@pytest.mark.more
def test_a_small_storm(every_far: Far) -> None:
    _storm(every_far, 6, 4)


@pytest.mark.more
def test_two_hundred_jobs_in_a_storm(every_far: Far) -> None:
    _storm(every_far, 200, 120)


def test_answers_that_are_lost_are_asked_for_again(far: Far) -> None:
    wire = Wire(far.port)
    settings = far.cluster("far", wire.port, max_jobs=3)
    for _ in range(3):
        far.submit()
    wire.loses = 8
    far.start_worker(settings)
    far.judge()
    assert wire.lost == 8
    far.idle(settings)
    wire.close()


def test_a_job_that_did_not_start_goes_to_another_cluster(far: Far) -> None:
    first, second = far.cluster("first"), far.cluster("second")
    job = far.submit()
    doomed = far.start_worker(first, "announce before")
    assert doomed.wait(60) == -signal.SIGKILL
    far.start_worker(second)
    far.judge()
    assert (far.job(job).worker, far.job(job).attempt) == ("second", 2)
    far.start_worker(first)
    far.idle(first, second)
    assert far.count(job) == 1


def test_a_later_attempt_that_comes_to_the_same_cluster_is_kept(far: Far) -> None:
    settings = far.cluster("far")
    job = far.submit()
    doomed = far.start_worker(settings, "announce before")
    assert doomed.wait(60) == -signal.SIGKILL
    far.until(lambda: far.job(job).attempt == 2)
    # As where its heartbeats were not heard, but its question for jobs was.
    (given,) = far.store.claim("far", "the same cluster asks", 1, 600)
    far.store.apply(job, states.STARTED, 2)
    ledger = Ledger(settings.parent / "spool")
    ledger.put(Entry(given.order, Step.CLAIMED))
    ledger.close()
    for each in ledger.directory.iterdir():
        os.chown(each, UID, -1)
    assert len(list(ledger.directory.iterdir())) == 2
    far.start_worker(settings)
    far.judge()
    assert far.job(job).attempt == 2
    far.idle(settings)


def test_a_job_that_started_waits_for_its_cluster(far: Far) -> None:
    first, second = far.cluster("first"), far.cluster("second")
    job = far.submit(seconds=1)
    doomed = far.start_worker(first, "start after")
    assert doomed.wait(60) == -signal.SIGKILL
    far.start_worker(second)
    time.sleep(LEASE * 2)
    far.start_worker(first)
    far.judge()
    assert (far.job(job).worker, far.job(job).attempt) == ("first", 1)
    far.idle(first, second)


def test_a_job_that_is_no_longer_its_own_is_ended(far: Far) -> None:
    wire = Wire(far.port)
    settings = far.cluster("far", wire.port)
    job = far.submit(seconds=300)
    far.start_worker(settings)
    far.until(lambda: far.count(job))
    wire.is_cut = True
    # As when the whole time has passed after which a cluster is taken for dead.
    far.until(lambda: far.store.expire(LEASE, 0))
    far.store.want_cancel(job, State.CANCEL)
    assert far.job(job).state is State.CANCEL
    wire.is_cut = False
    far.idle(settings)
    wire.close()


@pytest.mark.more
@pytest.mark.parametrize("step", [3600, -3600])
def test_a_clock_that_is_set_takes_no_job_away(far: Far, step: int) -> None:
    settings = far.cluster("far", max_jobs=2)
    jobs = [far.submit(seconds=3) for _ in range(2)]
    far.start_worker(settings)
    far.until(lambda: all(far.count(job) for job in jobs))
    attempts = [far.job(job).attempt for job in jobs]
    far.offset.write_text(str(step))
    far.judge()
    assert [far.job(job).attempt for job in jobs] == attempts
    far.idle(settings)


@pytest.mark.more
def test_a_full_disk_takes_no_job(far: Far) -> None:
    settings = far.cluster("far", limits={"free_bytes": 1 << 50})
    job = far.submit()
    far.start_worker(settings)
    time.sleep(2)
    assert far.job(job).state is State.PENDING

"""A cluster far away with a Slurm of its own."""

from __future__ import annotations

import signal
from itertools import count

import pytest

from batch.own_slurm import OwnSlurm, wait_for
from batch.people import PEOPLE
from dispatch.far import Far
from sciportal.jobs.order import Map
from sciportal.jobs.states import State

USED = count(0, 10)
SHARED = next(each for each in PEOPLE if each.name == "shared")


@pytest.fixture
def far(far: Far) -> Far:
    """Jobs of each test have numbers of their own, since Slurm remembers those of the others."""
    far.skip(next(USED))
    return far


def _spool_is_empty(far: Far, name: str) -> bool:
    spool = far.root / name / "spool"
    return not any((spool / "ledger").glob("*.json")) and not any(
        (spool / "sciportal-jobs").glob("[0-9]*")
    )


def test_jobs_run_in_its_slurm(far: Far, own_slurm: OwnSlurm) -> None:
    settings = far.cluster("far", uid=SHARED.uid, mode="slurm", max_jobs=4)
    jobs = [far.submit(code=code) for code in (0, 3, 0)]
    far.start_in(own_slurm, settings, SHARED.name)
    far.until(lambda: far.count(jobs[0]))
    # Jobs go on without the worker, and are found again.
    far.kill_workers(settings)
    far.start_in(own_slurm, settings, SHARED.name)
    far.judge()
    far.until(lambda: _spool_is_empty(far, "far"))
    assert not [line for line in own_slurm.queue() if "RUNNING" in line]


@pytest.mark.more
def test_cancelling_ends_the_job_in_slurm(far: Far, own_slurm: OwnSlurm) -> None:
    settings = far.cluster("far", uid=SHARED.uid, mode="slurm")
    job = far.submit(seconds=300)
    far.start_in(own_slurm, settings, SHARED.name)
    far.until(lambda: far.count(job))
    far.store.want_cancel(job, State.CANCEL)
    far.wait()
    assert far.job(job).state is State.CANCEL
    far.until(lambda: _spool_is_empty(far, "far"))
    mine = [line for line in own_slurm.queue() if line.startswith(f"sciportal-{job}-1 ")]
    assert mine
    assert not [line for line in mine if "RUNNING" in line or "PENDING" in line]


@pytest.mark.more
def test_a_mapped_job_is_an_array_there(far: Far, own_slurm: OwnSlurm) -> None:
    settings = far.cluster("far", uid=SHARED.uid, mode="slurm", read=["/var/tmp"])
    job = far.submit(map=Map(points=4, chunk=2))
    far.start_in(own_slurm, settings, SHARED.name)
    far.wait()
    # Two tasks of two points each, and what gathers.
    assert (far.job(job).state, far.count(job)) == (State.COMPLETE, 3), far.told()


@pytest.mark.more
def test_slurmctld_away_loses_nothing(far: Far, own_slurm: OwnSlurm) -> None:
    settings = far.cluster("far", uid=SHARED.uid, mode="slurm", max_jobs=4)
    jobs = [far.submit(seconds=4) for _ in range(2)]
    far.start_in(own_slurm, settings, SHARED.name)
    far.until(lambda: all(far.count(job) for job in jobs))
    # One that is killed forgets what it took in its last five seconds and gives its numbers anew,
    # and nodes refuse them: then an operator has to release jobs, which this is not about.
    own_slurm.kill("slurmctld", signal.SIGTERM)
    pid_file = own_slurm.root / "run" / "slurmctld.pid"
    wait_for(lambda: not pid_file.exists())
    late = far.submit()
    far.until(lambda: far.job(late).worker)
    # What runs ends meanwhile, and slurmctld is not there to be told; or it just was.
    spool = far.root / "far/spool/sciportal-jobs"
    far.until(lambda: all(far.job(job).final or (spool / f"{job}.1/exit").exists() for job in jobs))
    assert not far.job(late).final
    own_slurm.slurmctld()
    far.judge()

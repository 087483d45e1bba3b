"""200 jobs while something fails again and again: each ends once, and none is lost or doubled."""

from __future__ import annotations

import os
import time

import pytest

from batch.own_slurm import missing
from faults.portal import client, site
from faults.portal.storms import STORMS, Storm

JOBS = int(os.environ.get("SCIPORTAL_FAULTS_JOBS", "200"))
"""Fewer only for trying out."""
STEPS = 10
"""Submissions and beginnings of jobs between two faults."""

CASES = [
    pytest.param(storm, database, id=f"{storm.name}-{database}")
    for storm in STORMS
    for database in storm.databases
]


@pytest.mark.parametrize(("storm", "database"), CASES)
def test_each_job_ends_once(storm: Storm, database: str) -> None:
    if missing():
        pytest.skip(f"no Slurm of its own: {missing()}")
    with site.made(database, is_lossy=storm.is_lossy, is_faked=storm.is_faked) as whole:
        if storm.is_mortal:
            whole.make_mortal()
        began = time.monotonic()
        wanted = client.wishes(JOBS, storm.backends)
        submitting = client.Client(whole.door, whole.certificate.path, wanted, storm.job_seconds)
        submitting.start()
        rounds = struck = done = 0

        def steps() -> int:
            return len(submitting.accepted) + len(whole.runs.of_jobs())

        while rounds < storm.rounds or submitting.is_alive():
            time.sleep(storm.pause)
            # However slow the machine is: between two faults, something comes about.
            whole.until(lambda: steps() >= min(done + STEPS, 2 * JOBS))  # noqa: B023
            done = steps()
            struck += storm.strike(whole, rounds)
            rounds += 1
        submitting.join()
        calm = time.monotonic()
        assert not submitting.problem
        whole.wait()
        ended = time.monotonic()
        lost = whole.judge(submitting.accepted)
        assert len(submitting.accepted) == JOBS
        assert struck
        print(
            f"{storm.name} on {database}: {JOBS} jobs, struck {struck} times,"
            f" {submitting.repeated} submissions repeated, {whole.told_attempts()},"
            f" {lost} lost by slurmctld,"
            f" {calm - began:.0f} s of storm, {ended - calm:.0f} s after it"
        )

"""When a job is renewed: by durations, not by a clock that somebody may set."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciportal.service import renewal
from sciportal.service.renewal import Renewal
from sciportal.service.slurm import Slurm
from unit.service.running import script

START = 1_800_000_000
HOUR = 3600


class Clock:
    """Both clocks of a node."""

    def __init__(self) -> None:
        self.wall = float(START + 2)
        self.steady = 50.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(renewal, "time", made)
    return made


class Job:
    """A job that began two seconds before its runner and may run for an hour."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.said: list[str] = []
        self.squeue(f"echo {START} {START + HOUR}")

    def squeue(self, text: str) -> None:
        script(self.place / "squeue", f"#!/bin/sh\n{text}\n")

    def scontrol(self, text: str) -> None:
        script(self.place / "scontrol", f"#!/bin/sh\n{text}\n")

    def renewal(self) -> Renewal:
        return Renewal(Slurm(str(self.place), 5), 4711, 60, 60, self.said.append)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_it_is_due_before_the_limit_by_the_time_that_stopping_takes(job, clock):
    found = job.renewal()
    assert not found.is_due()
    assert found.seconds() == HOUR - 2 - 70
    clock.passes(HOUR - 2 - 71)
    assert not found.is_due()
    clock.passes(1)
    assert found.is_due()


@pytest.mark.parametrize("step", [-7200, 7200])
def test_a_clock_that_is_set_brings_it_neither_nearer_nor_further(job, clock, step):
    found = job.renewal()
    assert not found.is_due()
    before = found.seconds()
    clock.wall += step
    assert found.seconds() == before
    clock.passes(before)
    assert found.is_due()


@pytest.mark.parametrize("step", [-7200, 7200])
def test_a_clock_that_was_wrong_at_the_start_is_not_gone_by(job, clock, step):
    clock.wall += step
    found = job.renewal()
    assert not found.is_due()
    assert found.seconds() == HOUR - 70


def test_a_limit_that_was_changed_counts(job, clock):
    found = job.renewal()
    assert not found.is_due()
    job.squeue(f"echo {START} {START + 2 * HOUR}")
    clock.passes(HOUR - 70)
    assert not found.is_due()
    assert found.seconds() == HOUR - 2


@pytest.mark.parametrize("said", ["N/A", f"{START} N/A", ""])
def test_without_a_limit_it_is_never_due(job, clock, said):
    job.squeue(f"echo {said}")
    found = job.renewal()
    assert not found.is_due()
    assert found.seconds() == float("inf")


def test_without_an_answer_it_asks_again(job, clock):
    job.squeue("echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1")
    found = job.renewal()
    assert not found.is_due()
    assert found.seconds() == 5
    assert job.said == []


def test_commands_that_are_not_there_end_no_service(job, clock):
    (job.place / "squeue").unlink()
    found = job.renewal()
    for _ in range(2):
        assert not found.is_due()
        assert found.seconds() == 5
        clock.passes(5)
    assert len(job.said) == 1
    assert "squeue cannot be run" in job.said[0]


# Seen of Slurm 22.05 with slurmctld stopped or paused, and without munge.
@pytest.mark.parametrize(
    "said",
    [
        "Unexpected message received for job 4711",
        "scontrol: error: If munged is up, restart with --num-threads=10",
    ],
)
def test_a_requeue_without_an_answer_is_tried_again(job, clock, said):
    job.scontrol(f"echo '{said}' >&2; exit 1")
    found = job.renewal()
    assert not found.requeue()
    assert found.seconds() == 5
    job.scontrol("exit 0")
    assert found.requeue()


def test_a_requeue_that_is_refused_is_not_tried_again(job, clock):
    job.scontrol("echo 'Requested operation is presently disabled for job 4711' >&2; exit 1")
    found = job.renewal()
    assert not found.requeue()
    assert found.seconds() == float("inf")
    assert "ends at its time limit" in job.said[0]

"""Jobs as processes of this host: run once, outlive their worker, leave nothing behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sciportal.jobs.accounts.place import BATCH
from sciportal.jobs.order import Limits, Order, Resources
from sciportal.jobs.worker import leftovers
from sciportal.jobs.worker.entry import Entry, Seen, Step
from sciportal.jobs.worker.place import left
from sciportal.jobs.worker.processes import Processes
from unit.jobs.worker.orders import PLAIN, order

PATIENCE = 30


class Job:
    """A job in a directory of its own, whose script is as given."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.place = Processes(lambda _entry: directory)
        self.entry = Entry(PLAIN, Step.GRANTED)
        (directory / "work").mkdir()

    def start(self, script: str, asked: Order = PLAIN) -> None:
        self.entry = Entry(asked, Step.GRANTED)
        head = f"cd {self.directory}/work\n"
        (self.directory / BATCH).write_text(head + script)
        self.place.start(self.entry, self.directory)

    def seen(self) -> Seen:
        return self.place.look([self.entry])[self.entry.key]

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, (self.seen(), self.log())
            time.sleep(0.02)

    def end(self) -> Seen:
        self.until(lambda: self.seen() not in (Seen.RUNNING, Seen.ABSENT))
        return self.seen()

    def has(self, name: str) -> bool:
        return (self.directory / "work" / name).exists()

    def log(self) -> str:
        path = self.directory / "runner.log"
        return path.read_text() if path.exists() else ""

    def living(self) -> list[int]:
        return leftovers.of_job(str(self.directory))

    def runner(self) -> int:
        for each in Path("/proc").glob("[0-9]*"):
            try:
                words = (each / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"sciportal.jobs.worker.runner" in words and str(self.directory).encode() in words:
                return int(each.name)
        return 0


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    made = Job(tmp_path)
    try:
        yield made
    finally:
        runner = made.runner()
        if runner:
            os.kill(runner, signal.SIGKILL)
        assert leftovers.end(str(tmp_path)) == []


def test_a_job_runs_and_tells_its_exit_code(job: Job) -> None:
    assert job.seen() is Seen.ABSENT
    job.start("echo out; echo err >&2; exit 3\n")
    assert job.end() is Seen.ENDED
    report = left(job.directory, job.entry.order)
    assert report
    assert (report.exit, report.reason) == (3, "")
    assert (job.directory / "stdout").read_text() == "out\n"
    assert (job.directory / "stderr").read_text() == "err\n"


def test_a_job_runs_once_however_often_it_is_started(job: Job) -> None:
    for _ in range(4):
        job.start("echo run >> count; sleep 0.5\n")
    assert job.end() is Seen.ENDED
    job.start("echo run >> count\n")
    job.until(lambda: job.runner() == 0)
    assert (job.directory / "work/count").read_text() == "run\n"


def test_a_job_whose_runner_still_loads_is_not_to_be_started_again(job: Job) -> None:
    job.start("sleep 300\n")
    assert job.seen() is Seen.RUNNING


def test_a_job_whose_runner_ended_before_it_began_is_to_be_started_again(job: Job) -> None:
    # What it writes before it begins cannot be written.
    (job.directory / "boot").mkdir()
    job.start("touch there\n")
    job.until(lambda: job.seen() is Seen.ABSENT)
    (job.directory / "boot").rmdir()
    job.start("touch there\n")
    assert job.end() is Seen.ENDED
    assert job.has("there")


LEAVES = "sleep 300 & setsid sleep 300 & (setsid sh -c 'cd /; sleep 300' &)\n"


def test_nothing_of_a_job_that_ended_lives(job: Job) -> None:
    job.start(f"{LEAVES}touch there; sleep 0.3; exit 0\n")
    job.until(lambda: job.has("there"))
    assert len(job.living()) >= 3
    assert job.end() is Seen.ENDED
    assert job.living() == []


def test_a_job_ends_when_it_is_told(job: Job) -> None:
    job.start(f"trap '' TERM\n{LEAVES}touch there; sleep 300\n")
    job.until(lambda: job.has("there"))
    job.place.end(job.entry, job.directory)
    assert job.end() is Seen.ENDED
    report = left(job.directory, job.entry.order)
    assert report
    assert report.reason == "cancelled"
    assert report.exit
    assert job.living() == []


def test_a_job_that_ends_by_itself_when_told_has_the_time(job: Job) -> None:
    job.start(
        "trap 'sleep 1; touch saved; exit 5' TERM\ntouch there; while :; do sleep 0.1; done\n"
    )
    job.until(lambda: job.has("there"))
    job.place.end(job.entry, job.directory)
    assert job.end() is Seen.ENDED
    report = left(job.directory, job.entry.order)
    assert report
    assert report.exit == 5
    assert job.has("saved")


def test_a_killed_runner_leaves_nothing(job: Job) -> None:
    job.start(f"{LEAVES}touch there; sleep 300\n")
    job.until(lambda: job.has("there") and (job.directory / "session").exists())
    os.kill(job.runner(), signal.SIGKILL)
    assert job.end() is Seen.GONE
    assert left(job.directory, job.entry.order) is None
    assert job.living() == []


def test_a_host_that_went_down_is_told_from_a_kill(job: Job) -> None:
    job.start("touch there; sleep 300\n")
    job.until(lambda: job.has("there") and (job.directory / "session").exists())
    (job.directory / "started").write_text("another start of the host\n")
    os.kill(job.runner(), signal.SIGKILL)
    assert job.end() is Seen.DIED


def test_a_job_is_ended_after_its_time(job: Job) -> None:
    # The shortest time that an order can name is a minute; the runner reads seconds.
    asked = order(resources=Resources(minutes=0))
    job.start("sleep 300\n", asked)
    assert job.end() is Seen.ENDED
    report = left(job.directory, job.entry.order)
    assert report
    assert "longer than 0 s" in report.reason


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("head -c 2000000 /dev/urandom > big; sleep 300\n", "bytes, and 1000000 are allowed"),
        ("mkdir a; head -c 2000000 /dev/urandom > a/b; chmod 0 a; sleep 300\n", "are allowed"),
        ("i=0; while [ $i -lt 99 ]; do mkdir d; cd d; i=$((i+1)); done; sleep 300\n", "deep"),
    ],
)
def test_a_job_that_writes_too_much_is_ended(job: Job, script: str, said: str) -> None:
    job.start(script, order(limits=Limits(total_bytes=1_000_000)))
    assert job.end() is Seen.ENDED
    report = left(job.directory, job.entry.order)
    assert report
    assert said in report.reason

"""Many pages of one running job read it once in a while, not each for itself."""

from __future__ import annotations

import pytest

from sciportal.jobs.queue.backend import Attempt, Tail
from sciportal.jobs.queue.recent import SECONDS, RecentTails
from sciportal.service.errors import UnknownError

ALICE = Attempt(7, 1, "alice", "")
AGAIN = Attempt(7, 2, "alice", "")


class Job:
    """A job that writes a line each time it is read."""

    def __init__(self) -> None:
        self.lines = 0
        self.silent = False

    def tail(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail:
        if self.silent:
            raise UnknownError("read a log", "no answer", "try again")
        self.lines += 1
        written = f"{attempt.attempt} {stream} {self.lines}".encode()
        return Tail(self.lines, max(start, 0), written[:most])


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def job() -> Job:
    return Job()


@pytest.fixture
def tails(job: Job, now: list[float]) -> RecentTails:
    return RecentTails(job, lambda: now[0])


def test_who_asks_soon_after_gets_the_same(tails: RecentTails, job: Job, now: list[float]) -> None:
    first = tails.tail(ALICE, "stdout", -100, 100)
    now[0] += SECONDS / 2
    assert tails.tail(ALICE, "stdout", -100, 100) == first
    assert job.lines == 1


def test_who_asks_later_gets_what_is_there_then(tails: RecentTails, now: list[float]) -> None:
    tails.tail(ALICE, "stdout", -100, 100)
    now[0] += SECONDS
    assert tails.tail(ALICE, "stdout", -100, 100).data == b"1 stdout 2"


def test_another_attempt_stream_or_place_is_read_by_itself(tails: RecentTails, job: Job) -> None:
    tails.tail(ALICE, "stdout", -100, 100)
    assert tails.tail(AGAIN, "stdout", -100, 100).data == b"2 stdout 2"
    assert tails.tail(ALICE, "stderr", -100, 100).data == b"1 stderr 3"
    tails.tail(ALICE, "stdout", 5, 100)
    assert job.lines == 4


def test_silence_is_told_and_not_remembered(tails: RecentTails, job: Job) -> None:
    job.silent = True
    with pytest.raises(UnknownError):
        tails.tail(ALICE, "stdout", -100, 100)
    job.silent = False
    assert tails.tail(ALICE, "stdout", -100, 100).data == b"1 stdout 1"

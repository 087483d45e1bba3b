"""Many pages of running jobs read few of them at once, and each is shown what is known."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.clock import Clock
from sciportal.jobs.queue.backend import Attempt, Tail
from sciportal.jobs.queue.recent import AFTER_SILENCE, MOST_SECONDS, SECONDS, RecentTails
from sciportal.jobs.turns import Turns
from sciportal.service.errors import UnknownError

ALICE = Attempt(7, 1, "alice", "")
AGAIN = Attempt(7, 2, "alice", "")
OTHER = Attempt(8, 1, "alice", "")
BOB = Attempt(9, 1, "bob", "")
END = ("stdout", -100, 100)


class Jobs:
    """Jobs that each write a line when one of them is read."""

    def __init__(self) -> None:
        self.lines = 0
        self.writes = True
        self.silent = False
        self.meanwhile: Callable[[], object] = lambda: None

    def tail(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail:
        asked, self.meanwhile = self.meanwhile, lambda: None
        asked()
        if self.silent:
            raise UnknownError("read a log", "no answer", "try again")
        self.lines += self.writes
        written = f"{attempt.job}.{attempt.attempt} {stream} {self.lines}\n\n".encode()
        return Tail(self.lines, max(start, 0), written[:most])


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def tails(jobs: Jobs, tmp_path: Path, clock: Clock) -> RecentTails:
    return made(jobs, tmp_path, clock)


def made(jobs: Jobs, place: Path, clock: Clock) -> RecentTails:
    """As a process of the web server has it."""
    turns = Turns(place / "turns", 2, clock=clock)
    return RecentTails(jobs, place / "tails", turns, clock)


def test_who_asks_soon_after_gets_the_same(tails: RecentTails, jobs: Jobs, clock: Clock) -> None:
    first = tails.tail(ALICE, *END)
    assert first == Tail(1, 0, b"7.1 stdout 1\n\n")
    clock.pass_by(SECONDS / 2)
    assert tails.tail(ALICE, *END) == first
    assert jobs.lines == 1


def test_so_does_who_asks_another_process(
    tails: RecentTails, jobs: Jobs, tmp_path: Path, clock: Clock
) -> None:
    first = tails.tail(ALICE, *END)
    assert made(jobs, tmp_path, clock).tail(ALICE, *END) == first
    assert jobs.lines == 1


def test_who_asks_later_gets_what_is_there_then(tails: RecentTails, clock: Clock) -> None:
    tails.tail(ALICE, *END)
    clock.pass_by(SECONDS)
    assert tails.tail(ALICE, *END).data == b"7.1 stdout 2\n\n"


def test_a_job_that_writes_nothing_is_read_less_often(
    tails: RecentTails, jobs: Jobs, clock: Clock
) -> None:
    read: list[float] = []
    jobs.writes = False
    for _second in range(120):
        jobs.meanwhile = lambda: read.append(clock())
        tails.tail(ALICE, *END)
        clock.pass_by(1)
    pauses = [round(later - before) for before, later in itertools.pairwise(read)]
    assert pauses == sorted(pauses)
    assert pauses[0] == SECONDS
    assert pauses[-1] == MOST_SECONDS
    jobs.writes = True
    clock.pass_by(MOST_SECONDS)
    assert tails.tail(ALICE, *END).size == 1
    clock.pass_by(SECONDS)
    assert tails.tail(ALICE, *END).size == 2


def test_another_attempt_stream_or_place_is_read_by_itself(tails: RecentTails, jobs: Jobs) -> None:
    tails.tail(ALICE, *END)
    assert tails.tail(AGAIN, *END).data == b"7.2 stdout 2\n\n"
    assert tails.tail(ALICE, "stderr", -100, 100).data == b"7.1 stderr 3\n\n"
    tails.tail(ALICE, "stdout", 5, 100)
    tails.tail(ALICE, "stdout", 5, 100)
    assert jobs.lines == 5


def test_one_job_of_a_user_is_read_at_once_and_the_others_show_what_is_known(
    tails: RecentTails, jobs: Jobs, clock: Clock
) -> None:
    before = tails.tail(OTHER, *END)
    clock.pass_by(SECONDS)
    seen: list[Tail] = []

    def others() -> None:
        seen.extend(tails.tail(each, *END) for each in (ALICE, OTHER, AGAIN, BOB))
        seen.append(tails.tail(ALICE, "stdout", 5, 100))

    jobs.meanwhile = others
    tails.tail(ALICE, *END)
    nothing = Tail(0, 0, b"")
    assert seen == [nothing, before, nothing, Tail(2, 0, b"9.1 stdout 2\n\n"), Tail(5, 5, b"")]


def test_silence_costs_the_user_some_seconds_and_others_nothing(
    tails: RecentTails, jobs: Jobs, clock: Clock
) -> None:
    known = tails.tail(ALICE, *END)
    clock.pass_by(SECONDS)
    jobs.silent = True
    assert tails.tail(ALICE, *END) == known
    jobs.silent = False
    assert tails.tail(ALICE, *END) == known
    assert tails.tail(BOB, *END).data == b"9.1 stdout 2\n\n"
    clock.pass_by(AFTER_SILENCE)
    assert tails.tail(ALICE, *END).data == b"7.1 stdout 3\n\n"


def test_what_was_cut_short_by_a_power_cut_is_read_anew(
    tails: RecentTails, tmp_path: Path, clock: Clock
) -> None:
    tails.tail(ALICE, *END)
    for each in (tmp_path / "tails").iterdir():
        os.truncate(each, 5)
        os.utime(each, (clock(), clock()))
    assert tails.tail(ALICE, *END).data == b"7.1 stdout 2\n\n"


def test_what_nobody_looks_at_is_not_kept(tails: RecentTails, tmp_path: Path, clock: Clock) -> None:
    tails.tail(ALICE, *END)
    clock.pass_by(3600)
    tails.tail(BOB, *END)
    assert [each.name for each in (tmp_path / "tails").iterdir()] == ["9.1.stdout.100.100"]


def test_without_a_place_for_it_it_is_read_each_time(
    jobs: Jobs, tmp_path: Path, clock: Clock
) -> None:
    (tmp_path / "tails").touch()
    tails = made(jobs, tmp_path, clock)
    tails.tail(ALICE, *END)
    assert tails.tail(ALICE, *END).data == b"7.1 stdout 2\n\n"

"""What a worker tells of its running jobs: what is new, the end of it, and a bounded amount."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sciportal.jobs.exchange import MOST_END, MOST_WRITTEN, Written
from sciportal.jobs.worker.entry import Entry, Step
from sciportal.jobs.worker.writing import Writing
from unit.jobs.worker.orders import order


@pytest.fixture
def writing(tmp_path: Path) -> Writing:
    return Writing(tmp_path.joinpath)


@pytest.fixture
def started(tmp_path: Path) -> Callable[[int], Entry]:
    """Makes jobs that have written their number."""

    def made(number: int) -> Entry:
        entry = Entry(order(job=number), Step.GRANTED)
        (tmp_path / entry.key).mkdir()
        (tmp_path / entry.key / "stdout").write_text(f"{number}\n")
        return entry

    return made


def test_what_changed_is_told_until_the_portal_has_it(
    tmp_path: Path, writing: Writing, started: Callable[[int], Entry]
) -> None:
    job = started(17)
    said = (Written.of(17, 1, "stdout", 3, b"17\n"),)
    assert writing.news([job]) == said
    assert writing.news([job]) == said, "there was no answer"
    writing.told()
    assert writing.news([job]) == ()
    with (tmp_path / "17.1/stdout").open("a") as file:
        file.write("more\n")
    (tmp_path / "17.1/stderr").write_bytes(b"\xff\0")
    assert writing.news([job]) == (
        Written.of(17, 1, "stdout", 8, b"17\nmore\n"),
        Written.of(17, 1, "stderr", 2, b"\xff\0"),
    )
    writing.told()
    assert writing.news([]) == ()
    # What was told of jobs that are over is forgotten; these numbers may come again.
    assert len(writing.news([job])) == 2


def test_of_much_the_end_is_told(
    tmp_path: Path, writing: Writing, started: Callable[[int], Entry]
) -> None:
    job = started(17)
    (tmp_path / "17.1/stdout").write_bytes(b"x" * 100_000 + b"y" * (MOST_END - 1) + b"z")
    [said] = writing.news([job])
    assert said.size == 100_000 + MOST_END
    assert said.last_bytes() == b"y" * (MOST_END - 1) + b"z"


def test_of_many_each_has_its_turn(writing: Writing, started: Callable[[int], Entry]) -> None:
    jobs = [started(number) for number in range(1, 3 * MOST_WRITTEN)]
    told: list[int] = []
    for _ in range(3):
        news = writing.news(jobs)
        assert len(news) <= MOST_WRITTEN
        told += [each.job for each in news]
        writing.told()
    assert sorted(told) == [each.order.job for each in jobs]


def test_of_more_than_are_looked_at_each_has_its_turn(
    tmp_path: Path, writing: Writing, started: Callable[[int], Entry]
) -> None:
    jobs = [started(number) for number in range(1, 301)]
    told = 0
    while news := writing.news(jobs):
        told += len(news)
        writing.told()
    assert told == len(jobs)
    (tmp_path / jobs[-1].key / "stdout").write_text("news\n")
    late: list[int] = []
    for _ in range(3):
        late += [each.job for each in writing.news(jobs)]
        writing.told()
    assert late == [300]


@pytest.mark.parametrize("kind", ["link", "pipe", "directory", "second name"])
def test_what_is_no_plain_file_is_not_told(
    tmp_path: Path, writing: Writing, started: Callable[[int], Entry], kind: str
) -> None:
    job = started(17)
    secret = tmp_path / "secret"
    secret.write_text("of the account\n")
    stdout = tmp_path / "17.1/stdout"
    stdout.unlink()
    match kind:
        case "link":
            stdout.symlink_to(secret)
        case "pipe":
            os.mkfifo(stdout)
        case "directory":
            stdout.mkdir()
        case _:
            os.link(secret, stdout)
    assert writing.news([job]) == ()

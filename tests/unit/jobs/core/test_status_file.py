"""The status file grows line by line, whoever writes it."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.samples import new_job
from sciportal.jobs import states
from sciportal.jobs.status_file import StatusFiles
from sciportal.jobs.store.job import Job
from sciportal.jobs.store.store import Store
from sciportal.service.errors import UsageError

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z attempt \d+ [a-z]+.*|  .*")


@pytest.fixture
def files(tmp_path: Path) -> StatusFiles:
    """Where status files are."""
    return StatusFiles(tmp_path)


def test_it_tells_the_story(store: Store, files: StatusFiles, tmp_path: Path) -> None:
    job = store.submit(new_job("alice@site.org"))
    store.apply(job.id, states.SENT)
    files.follow(job, store.events(job.id))
    files.said(job, "Submitted batch job 17\n\nsbatch: warning: \x1b[2J\n")
    store.apply(job.id, states.STARTED)
    store.apply(job.id, states.finished(3, "out of\nmemory"))
    for _ in range(2):
        files.follow(job, store.events(job.id))
    path = tmp_path / "Descriptors" / "User" / "alice@site.org" / f"job{job.id}" / "status"
    lines = path.read_text().splitlines()
    assert all(map(LINE.fullmatch, lines))
    assert [line.split(" ", 3)[3] if line[0] != " " else line for line in lines] == [
        "submitted",
        "sent",
        "  Submitted batch job 17",
        "  sbatch: warning: [2J",
        "started",
        "finished exit code 3, out of memory",
    ]
    files.remove(job)
    assert not path.exists()


def test_a_line_that_was_cut_short_is_ended(store: Store, files: StatusFiles) -> None:
    job = store.submit(new_job())
    path = files.path(job)
    path.parent.mkdir(parents=True)
    path.write_text("2027-01-15T08:00:00.0000")
    files.follow(job, store.events(job.id))
    first, second = path.read_text().splitlines()
    assert first == "2027-01-15T08:00:00.0000"
    assert LINE.fullmatch(second)


def test_many_writers_write_each_line_once(store: Store, files: StatusFiles) -> None:
    job = store.submit(new_job())
    for number in range(20):
        store.apply(job.id, states.SENT)
        store.apply(job.id, states.requeued(f"try {number}"))
    events = store.events(job.id)
    with ThreadPoolExecutor(8) as pool:
        for last in range(len(events)):
            pool.submit(files.follow, job, events[: last + 1])
    lines = files.path(job).read_text().splitlines()
    assert len(lines) == len(set(lines)) == len(events) == 41


@pytest.mark.parametrize("owner", ["../bob", "", ".hidden", "a/b", "a\0b"])
def test_an_owner_is_one_directory(store: Store, files: StatusFiles, owner: str) -> None:
    job: Job = replace(store.submit(new_job()), owner=owner)
    with pytest.raises(UsageError):
        files.follow(job, [])


def test_a_link_in_its_place_is_not_followed(
    store: Store, files: StatusFiles, tmp_path: Path
) -> None:
    job = store.submit(new_job("anonymous"))
    path = files.path(job)
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"):
        files.follow(job, store.events(job.id))
    assert not os.path.lexists(tmp_path / "target")

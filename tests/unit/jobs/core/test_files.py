"""Files of jobs: complete or not there, within bounds, and nothing is followed."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.samples import new_job
from sciportal.jobs.errors import NoFileError, NoRoomError, TooLargeError
from sciportal.jobs.files import JobFiles, digest
from sciportal.jobs.settings import PortalLimits, Settings
from sciportal.jobs.store import engine, migrations
from sciportal.jobs.store.job import Job, Listing
from sciportal.jobs.store.store import Store
from sciportal.service.errors import UsageError

LIMITS = PortalLimits(upload_bytes=1000, results_bytes=2000)


@pytest.fixture
def files(settings: Settings) -> JobFiles:
    """Directories of jobs with narrow limits."""
    return JobFiles(settings.state_dir, LIMITS)


@pytest.fixture
def kept(settings: Settings) -> Iterator[Store]:
    """A store beside them."""
    database = engine.connect(settings.database)
    migrations.migrate(database)
    yield Store(database)
    database.dispose()


def submit(files: JobFiles, kept: Store, **contents: bytes) -> Job:
    """A job with files."""
    with files.upload() as incoming:
        for name, content in contents.items():
            incoming.add(name, [content])
        return kept.submit(new_job(), place=lambda job: files.place(incoming, job))


def receive(files: JobFiles, job_id: int, contents: dict[str, bytes]) -> bool:
    """Results of a job."""
    with files.receive() as incoming:
        for path, content in contents.items():
            incoming.add(path, io.BytesIO(content))
        return files.complete(incoming, job_id)


def left(settings: Settings) -> list[str]:
    """What is still coming in."""
    return [path.name for path in (settings.state_dir / "uploads").iterdir()]


def test_what_was_sent_is_there_with_the_job(
    files: JobFiles, kept: Store, settings: Settings
) -> None:
    job = submit(files, kept, a=b"one", b=b"")
    assert [(each.path, each.size) for each in files.inputs(job.id)] == [("a", 3), ("b", 0)]
    with files.open_input(job.id, "a") as file:
        assert file.read() == b"one"
    assert left(settings) == []
    assert (settings.state_dir / "jobs" / str(job.id)).stat().st_mode & 0o077 == 0


def test_a_job_that_was_not_kept_leaves_nothing_to_the_next(
    files: JobFiles, kept: Store, settings: Settings
) -> None:
    def placed_and_killed(job: Job) -> None:
        with files.upload() as incoming:
            incoming.add("old", [b"old"])
            files.place(incoming, job)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept.submit(new_job(), place=placed_and_killed)
    assert kept.jobs(Listing()) == []
    job = submit(files, kept, new=b"new")
    assert [each.path for each in files.inputs(job.id)] == ["new"]
    assert left(settings) == []


def test_a_job_without_files_has_none_of_one_that_was_not_kept(
    files: JobFiles, kept: Store, settings: Settings
) -> None:
    def placed_and_refused(job: Job) -> None:
        with files.upload() as incoming:
            incoming.add("old", [b"old"])
            files.place(incoming, job)
        raise NoRoomError("", "", "")

    with pytest.raises(NoRoomError):
        kept.submit(new_job(), place=placed_and_refused)
    job = submit(files, kept)
    assert files.inputs(job.id) == []
    assert not files.home(job.id).exists()
    assert receive(files, job.id, {"out.txt": b"whole"})
    assert [each.path for each in files.results(job.id)] == ["out.txt"]
    assert left(settings) == []


def test_results_are_complete_or_not_there(
    files: JobFiles, kept: Store, settings: Settings
) -> None:
    job = submit(files, kept)
    assert not files.has_results(job.id)
    with pytest.raises(RuntimeError), files.receive() as incoming:
        incoming.add("out.txt", [b"half"])
        raise RuntimeError
    assert (files.has_results(job.id), files.results(job.id)) == (False, [])
    assert receive(files, job.id, {"out.txt": b"whole", "plots/a.png": b"png"})
    assert not receive(files, job.id, {"out.txt": b"another"})
    assert [each.path for each in files.results(job.id)] == ["out.txt", "plots/a.png"]
    with files.open_result(job.id, "out.txt") as file:
        assert file.read() == b"whole"
    assert left(settings) == []


def test_no_results_are_results_too(files: JobFiles) -> None:
    assert receive(files, 7, {})
    assert files.has_results(7)
    assert not receive(files, 7, {"late": b""})
    assert files.results(7) == []


def test_the_same_results_have_the_same_sum(files: JobFiles) -> None:
    sums = []
    for contents in ({"a": b"1", "b": b"2"}, {"b": b"2", "a": b"1"}, {"a": b"12", "b": b""}):
        with files.receive() as incoming:
            for path, content in contents.items():
                incoming.add(path, [content])
            sums.append(digest(incoming))
    assert sums[0] == sums[1] != sums[2]


def endless(read: list[int]) -> Iterable[bytes]:
    """More than anybody takes."""
    while True:
        read.append(1)
        yield b"x" * 100


def test_too_much_is_refused_before_it_is_read(files: JobFiles, settings: Settings) -> None:
    read: list[int] = []
    with files.upload() as incoming:
        incoming.add("a", [b"x" * 500])
        with pytest.raises(TooLargeError, match="more than 1000 bytes"):
            incoming.add("b", endless(read))
    assert len(read) == 6
    assert left(settings) == []
    narrow = JobFiles(settings.state_dir, replace(LIMITS, results_bytes=10))
    with narrow.receive() as incoming, pytest.raises(TooLargeError):
        incoming.add("a", io.BytesIO(b"x" * 11))


@pytest.mark.parametrize(
    "path", ["", ".", "..", "../a", "/etc/passwd", "a//b", "a/../b", ".complete", "a\0b", "é", "-a"]
)
def test_a_path_cannot_leave(files: JobFiles, path: str) -> None:
    receive(files, 1, {"a": b"x"})
    with files.receive() as incoming, pytest.raises(UsageError, match="no name of one"):
        incoming.add(path, [b"x"])
    with pytest.raises(NoFileError):
        files.open_result(1, path)
    with pytest.raises(NoFileError):
        files.open_input(1, path)


@pytest.mark.parametrize("path", ["a", "a/b"])
def test_a_name_comes_once(files: JobFiles, path: str) -> None:
    with files.receive() as incoming:
        incoming.add("a", [b"x"])
        with pytest.raises(UsageError, match="came twice"):
            incoming.add(path, [b"y"])
        incoming.add("c/d", [b"x"])
        with pytest.raises(UsageError, match="came twice"):
            incoming.add("c", [b"y"])


def test_an_upload_has_no_directories(files: JobFiles) -> None:
    with files.upload() as incoming, pytest.raises(UsageError, match="no name of one"):
        incoming.add("a/b", [b"x"])


def test_what_is_no_plain_file_is_not_opened(files: JobFiles, settings: Settings) -> None:
    receive(files, 1, {"good": b"x", "sub/good": b"x"})
    results = settings.state_dir / "jobs" / "1" / "results"
    secret = settings.secret_file
    (results / "link").symlink_to(secret)
    (results / "folder").symlink_to(secret.parent)
    os.mkfifo(results / "pipe")
    (results / "sub" / "link").symlink_to(secret)
    for path in ("link", f"folder/{secret.name}", "pipe", "sub", "sub/link", "good/x", "none"):
        with pytest.raises(NoFileError):
            files.open_result(1, path)
    assert [each.path for each in files.results(1)] == ["good", "sub/good"]


def test_a_link_is_not_written_through(files: JobFiles, tmp_path: Path) -> None:
    target = tmp_path / "target"
    with files.receive() as incoming:
        (incoming.directory / "out").symlink_to(target)
        with pytest.raises(OSError, match="exists"):
            incoming.add("out", [b"x"])
    assert not target.exists()


def test_a_full_disk_is_said_and_nothing_kept(files: JobFiles, settings: Settings) -> None:
    def full() -> Iterator[bytes]:
        yield b"x"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(NoRoomError, match="no room"), files.upload() as incoming:
        incoming.add("a", full())
    assert left(settings) == []


def test_removing_takes_everything_and_twice_does_no_harm(
    files: JobFiles, kept: Store, settings: Settings
) -> None:
    job = submit(files, kept, a=b"x")
    receive(files, job.id, {"out": b"x"})
    (settings.state_dir / "jobs" / str(job.id) / "results" / "link").symlink_to("/etc")
    for _ in range(2):
        files.remove(job.id)
    assert not files.has_results(job.id)
    assert Path("/etc/passwd").exists()
    assert left(settings) == []


def test_what_was_left_is_swept(files: JobFiles, settings: Settings) -> None:
    files.sweep(0)
    receive(files, 1, {})
    old, new = (settings.state_dir / "uploads" / name for name in ("old", "new"))
    for each in (old, new):
        each.mkdir()
        (each / "part").write_text("x")
    os.utime(old, (0, 0))
    files.sweep(3600)
    assert left(settings) == ["new"]

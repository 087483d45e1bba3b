"""One lock a service, among real processes."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sciportal.service import processes
from sciportal.service.errors import BusyError, ServiceError
from sciportal.service.lock import Lock
from unit.service.running import descriptors

PROCESSES = 4
ROUNDS = 25


@pytest.fixture
def path(tmp_path) -> str:
    return str(tmp_path / "web.lock")


def in_processes(work: Callable[[], None], count: int = PROCESSES) -> list[int]:
    """Do the same in some processes at once and return their exit codes."""
    children = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            status = 1
            try:
                work()
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def add_one(path: str, counter: Path, *, purging: bool) -> None:
    """Count in a file, which goes wrong as soon as two do it at once."""
    for turn in range(ROUNDS):
        lock = Lock(path, "web", 20, sleep=lambda _: time.sleep(0.001))
        value = int(counter.read_text())
        os.sched_yield()
        counter.write_text(str(value + 1))
        lock.release(remove=purging and turn % 3 == 0)


@pytest.mark.parametrize("purging", [False, True], ids=["held", "held and purged"])
def test_of_many_processes_one_at_a_time_has_the_lock(path, tmp_path, purging):
    counter = tmp_path / "counter"
    counter.write_text("0")
    codes = in_processes(lambda: add_one(path, counter, purging=purging))
    assert codes == [0] * PROCESSES
    assert int(counter.read_text()) == PROCESSES * ROUNDS


def test_a_lock_that_is_purged_between_opening_and_locking_is_not_the_lock(path, monkeypatch):
    flock = fcntl.flock
    purged = []

    def purge_first(descriptor: int, operation: int) -> None:
        if not purged:
            purged.append(Path(path).unlink())
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", purge_first)
    before = descriptors()
    held = Lock(path, "web", 0)
    with pytest.raises(BusyError):
        Lock(path, "web", 0)
    held.release()
    assert descriptors() == before


def test_a_lock_that_another_holds_is_busy_after_the_timeout(path):
    held = Lock(path, "web", 0)
    begun = time.monotonic()
    with pytest.raises(
        BusyError, match=r"another call of sbatch-service held it for 0\.2 s"
    ) as error:
        Lock(path, "web", 0.2)
    assert time.monotonic() - begun >= 0.2
    assert error.value.exit_code == 6
    held.release()


def test_waiting_takes_the_time_of_the_clock_that_is_given(path):
    held = Lock(path, "web", 0)
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    with pytest.raises(BusyError):
        Lock(path, "web", 60, lambda: clock[0], sleep)
    assert clock[0] == pytest.approx(60, abs=1)
    held.release()


def test_a_process_that_dies_leaves_no_lock(path):
    def die() -> None:
        Lock(path, "web", 0)
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_processes(die, 1) == [-signal.SIGKILL]
    Lock(path, "web", 0).release()


def test_a_child_that_a_stage_leaves_behind_does_not_keep_the_lock(path):
    lock = Lock(path, "web", 0)
    result = processes.run(["sh", "-c", "sleep 60 & echo $!"], env={}, timeout=10)
    try:
        lock.release()
        Lock(path, "web", 0).release()
    finally:
        os.kill(int(result.out), signal.SIGKILL)


def test_a_released_lock_stays_as_a_file_and_a_purged_one_goes(path):
    Lock(path, "web", 0).release()
    assert Path(path).exists()
    Lock(path, "web", 0).release(remove=True)
    assert not Path(path).exists()


def test_neither_holding_nor_failing_leaves_descriptors(path):
    before = descriptors()
    held = Lock(path, "web", 0)
    for _ in range(3):
        with pytest.raises(BusyError):
            Lock(path, "web", 0)
    held.release()
    assert descriptors() == before


def test_a_link_is_not_followed(path, tmp_path):
    Path(path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ServiceError, match="lock"):
        Lock(path, "web", 0)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EDQUOT])
def test_a_home_that_takes_no_writing_still_has_its_lock(path, monkeypatch, number):
    Lock(path, "web", 0).release()
    open_ = os.open

    def read_only(name, flags, *mode):
        if flags & (os.O_RDWR | os.O_CREAT):
            raise OSError(number, os.strerror(number))
        return open_(name, flags, *mode)

    monkeypatch.setattr(os, "open", read_only)
    held = Lock(path, "web", 0)
    with pytest.raises(BusyError):
        Lock(path, "web", 0)
    held.release()


def test_a_lock_that_cannot_be_made_is_told(path, monkeypatch):
    def read_only(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(ServiceError, match="read-only"):
        Lock(path, "web", 0)


def test_a_file_system_without_locks_is_told_and_nothing_left_open(path, monkeypatch):
    def none(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    before = descriptors()
    with pytest.raises(ServiceError, match="No locks available"):
        Lock(path, "web", 0)
    assert descriptors() == before

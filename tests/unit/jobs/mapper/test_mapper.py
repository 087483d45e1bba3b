"""Mapper.map: results in order, whatever becomes of single points."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sciportal.jobs.mapper import Mapper, PointError
from sciportal.jobs.mapper.evaluator import serve


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


@pytest.mark.parametrize("chunksize", [1, 7, 1000, 5000])
def test_a_thousand_points_are_as_a_serial_run_has_them_in_order(chunksize: int) -> None:
    def function(x: int) -> float:
        if x == 617:
            raise ValueError("no layer of this thickness")
        return 1 / (x + 0.1) ** 1.5

    results = Mapper(4).map(function, range(1000), chunksize=chunksize)
    serial = [None if x == 617 else function(x) for x in range(1000)]
    assert results.gather() == serial
    (failure,) = results.failures
    assert (failure.index, failure.point, failure.attempts) == (617, 617, 2)
    assert failure.error == "ValueError: no layer of this thickness"
    assert str(failure).startswith("point 617 (617) failed 2 times: ValueError")


def test_it_takes_arguments_as_an_executor_does() -> None:
    assert list(Mapper(2).map(pow, [2, 3, 4], [5, 6])) == [32, 729]
    assert list(Mapper(2).map(pow, [])) == []
    results = Mapper(2).map(divmod, [1, 2], [1, 0])
    assert next(results) == (1, 0)
    with pytest.raises(PointError) as caught:
        next(results)
    assert caught.value.failure.point == (2, 0)


def test_the_next_result_comes_after_one_that_failed() -> None:
    results = Mapper(2).map(lambda x: 1 // x, [1, 0, -1])
    assert next(results) == 1
    with pytest.raises(PointError, match="ZeroDivisionError"):
        next(results)
    assert next(results) == -1
    with pytest.raises(StopIteration):
        next(results)


@pytest.mark.parametrize(
    ("death", "said"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "ended by signal 9 (SIGKILL)"),
        (lambda: os.kill(os.getpid(), signal.SIGXCPU), "ended by signal 24 (SIGXCPU)"),
        (lambda: os._exit(7), "ended with exit status 7"),
        (lambda: sys.exit("no more"), "SystemExit: no more"),
    ],
)
def test_a_point_that_ends_its_process_takes_no_other_with_it(death: Any, said: str) -> None:
    def function(x: int) -> int:
        if x in (3, 4, 19):
            death()
        return -x

    results = Mapper(2).map(function, range(20), chunksize=10)
    assert results.gather() == [None if x in (3, 4, 19) else -x for x in range(20)]
    assert [each.index for each in results.failures] == [3, 4, 19]
    assert all(said in each.error for each in results.failures)


def test_the_signal_by_which_a_task_is_ended_is_no_failure_of_its_points() -> None:
    def function(x: int) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return -x

    results = Mapper(2).map(function, range(4), chunksize=2)
    assert results.gather() == [0, -1, -2, -3]
    assert not results.failures


def test_that_signal_ends_what_the_function_runs() -> None:
    def function(_point: int) -> tuple[int, int]:
        program = subprocess.run(["sh", "-c", "kill -TERM $$"], check=False).returncode
        child = os.fork()
        if not child:
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(0)
        return program, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert list(Mapper(1).map(function, [0])) == [(-signal.SIGTERM, -signal.SIGTERM)]


def test_a_program_ends_whose_points_go_on() -> None:
    text = """
import time
from sciportal.jobs.mapper import Mapper
results = Mapper(2).map(lambda x: x and time.sleep(600), range(2))
print(next(results))
"""
    words = [sys.executable, "-c", text]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=100, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "0\n", "")


def test_a_point_that_fails_once_is_evaluated_again_alone(tmp_path: Path) -> None:
    def function(x: int) -> int:
        calls = tmp_path / str(x)
        with calls.open("a") as file:
            file.write(f"{os.getpid()} ")
        if x == 5 and len(calls.read_text().split()) == 1:
            os._exit(1)
        return x

    results = Mapper(2).map(function, range(8), chunksize=8)
    assert results.gather() == list(range(8))
    assert results.failures == []
    pids = [(tmp_path / str(x)).read_text().split() for x in range(8)]
    assert [len(each) for each in pids] == [1, 1, 1, 1, 1, 2, 1, 1]
    others = {pid for each in pids[:5] + pids[6:] for pid in each}
    assert pids[5][1] not in others


def test_no_retry_where_none_is_wanted(tmp_path: Path) -> None:
    def function(x: int) -> int:
        with (tmp_path / "calls").open("a") as file:
            file.write("x")
        return 1 // x

    results = Mapper(1, retries=0).map(function, [0])
    assert results.gather("none") == ["none"]
    assert results.failures[0].attempts == 1
    assert (tmp_path / "calls").read_text() == "x"


def test_a_point_that_takes_too_long_is_ended() -> None:
    def function(x: int) -> int:
        if x == 2:
            time.sleep(600)
        return os.getpid()

    begun = time.monotonic()
    results = Mapper(2, seconds=0.5).map(function, range(5), chunksize=5)
    values = results.gather()
    assert time.monotonic() - begun < 60
    assert [each.index for each in results.failures] == [2]
    assert results.failures[0].error == "it took longer than 0.5 s"
    assert all(gone(pid) for pid in values if pid is not None)


def test_waiting_ends_after_the_timeout_and_the_processes_with_it(tmp_path: Path) -> None:
    def function(x: int) -> int:
        (tmp_path / str(x)).write_text(str(os.getpid()))
        time.sleep(0 if x == 0 else 600)
        return x

    results = Mapper(2).map(function, range(2), timeout=3)
    assert next(results) == 0
    with pytest.raises(TimeoutError, match="point 1"):
        next(results)
    assert gone(int((tmp_path / "1").read_text()))


def test_processes_end_with_the_process_that_began_them(tmp_path: Path) -> None:
    def function(_point: int) -> None:
        (tmp_path / "draft").write_text(str(os.getpid()))
        (tmp_path / "draft").rename(tmp_path / "pid")
        time.sleep(600)

    child = os.fork()
    if not child:
        try:
            Mapper(1).map(function, [0]).gather()
        finally:
            os._exit(1)
    deadline = time.monotonic() + 30
    while not (tmp_path / "pid").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert gone(int((tmp_path / "pid").read_text()))


def test_results_that_are_left_alone_leave_no_process(tmp_path: Path) -> None:
    def function(x: int) -> int:
        (tmp_path / str(x)).write_text(str(os.getpid()))
        time.sleep(0 if x == 0 else 600)
        return x

    results = Mapper(2).map(function, range(2))
    next(results)
    del results
    written = tmp_path / "1"
    assert not written.exists() or not written.read_text() or gone(int(written.read_text()))


def test_what_cannot_be_sent_is_a_failure_of_its_point() -> None:
    results = Mapper(2).map(lambda x: (lambda: x) if x else x, [0, 1])
    assert results.gather() == [0, None]
    assert results.failures[0].error


def test_a_function_that_spoils_its_connection_fails_alone() -> None:
    def function(x: int) -> int:
        if x == 1:
            os.closerange(3, 64)
        return x

    results = Mapper(2).map(function, range(3), chunksize=3)
    assert results.gather() == [0, None, 2]


def test_a_process_whose_parent_is_another_evaluates_nothing() -> None:
    # As if it had died before the child could ask to be told of that.
    assert serve(pow, None, os.getppid() + 1) is None  # type: ignore[arg-type,func-returns-value]


@pytest.mark.parametrize(
    "words", [{"workers": 0}, {"retries": -1}, {"seconds": 0}, {"start": "conjure"}]
)
def test_numbers_out_of_bounds_are_refused(words: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"workers|retries|context"):
        Mapper(**words)
    with pytest.raises(ValueError, match="chunksize"):
        Mapper().map(abs, [1], chunksize=0)


def test_functions_that_can_be_imported_run_in_processes_of_their_own() -> None:
    assert list(Mapper(2, start="spawn").map(abs, [-1, -2])) == [1, 2]

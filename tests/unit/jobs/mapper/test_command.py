"""`sciportal-map` as tasks of an array, as what gathers, and as a pool on one machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest

from sciportal.jobs.mapper import failures, tasks

FUNCTION = """
import math, os, time

def R(x):
    if os.path.exists("hold"):
        open("holding", "w").write(str(os.getpid()))
        time.sleep(600)
    if x == 137:
        raise ValueError("no layer\\nof this thickness")
    return [math.sin(x), x * 0.1]

def scalar(x):
    return float("inf") if x == 2 else x * 0.1

def odd(x):
    return {"a": x} if x else object()

text = "not a function"
"""
POINTS = list(range(1000))
SERIAL = {}
exec(FUNCTION, SERIAL)  # noqa: S102  # the same text as the tasks run


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "function.py").write_text(FUNCTION)
    (tmp_path / "points.json").write_text(json.dumps(POINTS))
    return tmp_path


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for each in processes:
        each.kill()
        each.communicate()


def words(*more: str) -> list[str]:
    return [
        sys.executable,
        "-P",
        "-m",
        "sciportal.jobs.mapper.cli",
        "--function",
        "function.py",
        *more,
    ]


def environment(task: str) -> dict[str, str]:
    return {**os.environ, tasks.VARIABLE: task}


def run(work: Path, *more: str, task: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words("--workers", "2", *more),
        cwd=work,
        env=environment(task),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def results(work: Path) -> Any:
    return json.loads((work / "results.json").read_text())


def failed(work: Path) -> list[dict[str, Any]]:
    named: list[dict[str, Any]] = failures.loads((work / "failures.json").read_bytes())["failed"]
    return named


def serial() -> list[list[float] | None]:
    function: Any = SERIAL["R"]
    return [None if x == 137 else function(x) for x in POINTS]


def test_the_pool_gives_what_a_serial_run_does_and_names_the_point_that_failed(work: Path) -> None:
    ended = run(work, "--points", "points.json")
    assert ended.returncode == 1, ended
    assert results(work) == serial()
    (failure,) = failed(work)
    assert failure == {
        "index": 137,
        "point": "137",
        "error": "ValueError: no layer of this thickness",
        "attempts": 2,
    }
    assert "point 137 (137) failed 2 times: ValueError: no layer" in ended.stderr
    assert "999 of 1000 points have results" in ended.stderr
    array = numpy.load(work / "results.npy", allow_pickle=False)
    assert array.shape == (1000, 2)
    assert numpy.isnan(array[137]).all()
    assert [row.tolist() for row in array[:137]] == serial()[:137]


def test_tasks_in_any_order_give_the_same_and_a_killed_one_is_noticed(
    work: Path, started: list[subprocess.Popen[str]]
) -> None:
    given = ("--points", "points.json", "--chunk", "200")
    shared = tasks.share(1000, 200)
    for task in (4, 1, 0, 3):
        ended = run(work, *given, task=str(task))
        assert ended.returncode == 0, ended
    # Task 2 did some of its points, and was killed in the middle of a line.
    (work / "hold").touch()
    process = subprocess.Popen(words(*given), cwd=work, env=environment("2"), text=True)
    started.append(process)
    deadline = time.monotonic() + 60
    while not (work / "holding").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (work / "hold").unlink()
    first = shared.span(2)[0]
    done = {"index": first, "value": ["as it was", "written"]}
    (work / ".map" / "2.jsonl").write_text(json.dumps(done) + '\n{"index": 4')
    ended = run(work, *given, task=tasks.GATHER)
    assert ended.returncode == 1, ended
    assert "task 2 ended before 199 of its 200 points were done" in ended.stderr
    assert "200 points are evaluated again, each alone" in ended.stderr
    expected: list[Any] = serial()
    expected[first] = ["as it was", "written"]
    assert results(work) == expected
    assert [each["index"] for each in failed(work)] == [137]


def test_a_task_that_is_started_again_goes_on_from_where_it_was(work: Path) -> None:
    given = ("--points", "points.json", "--chunk", "100")
    (work / ".map").mkdir()
    kept = json.dumps({"index": 200, "value": "kept"})
    (work / ".map" / "2.jsonl").write_text(kept + "\n" + '{"index": 201, "val')
    assert run(work, *given, task="2").returncode == 0
    lines = (work / ".map" / "2.jsonl").read_text().splitlines()
    assert lines[0] == kept
    assert sorted(json.loads(line)["index"] for line in lines) == list(range(200, 300))


@pytest.mark.parametrize("kind", ["<f8", ">f8", "<i4", "<f4"])
def test_points_may_be_an_array(work: Path, kind: str) -> None:
    array = numpy.linspace(0, 90, 10).astype(kind)
    numpy.save(work / "points.npy", array)
    assert run(work, "--points", "points.npy", "--name", "scalar").returncode == 0
    assert results(work) == [x * 0.1 for x in array.tolist()]


def test_points_may_be_a_range_and_results_infinite(work: Path) -> None:
    ended = run(work, "--range", "0", "4", "5", "--name", "scalar")
    assert ended.returncode == 0, ended
    assert results(work) == [0.0, 0.1, float("inf"), 3.0 * 0.1, 0.4]
    array = numpy.load(work / "results.npy", allow_pickle=False)
    assert array.tolist() == results(work)


def test_results_that_are_no_numbers_have_no_array(work: Path) -> None:
    assert run(work, "--range", "0", "2", "3", "--name", "odd").returncode == 1
    assert results(work) == [None, {"a": 1.0}, {"a": 2.0}]
    assert failed(work)[0]["error"] == "TypeError: the result has a object, which is no JSON"
    assert not (work / "results.npy").exists()


def test_a_program_is_run_on_the_results_and_its_end_counts(work: Path) -> None:
    given = ("--range", "0", "2", "3", "--name", "scalar", "--", "sh", "-c")
    ended = run(work, *given, "cat results.json; exit 3")
    assert (ended.returncode, json.loads(ended.stdout)) == (3, results(work))
    assert "sh ended with 3" in ended.stderr
    assert run(work, *given, "touch made", task="0").returncode == 0
    assert not (work / "made").exists()


def test_another_interpreter_evaluates(work: Path) -> None:
    (work / "function.py").write_text("import sys\ndef R(x): return sys.prefix\n")
    (work / "json.py").write_text("raise RuntimeError('the job has a module of this name')")
    ended = run(work, "--range", "0", "0", "1", "--python", "/usr/bin/python3")
    assert ended.returncode == 0, ended
    assert results(work) == ["/usr"]
    ended = run(work, "--range", "0", "0", "1", "--python=/absent/python")
    assert ended.returncode == 1
    assert ended.stderr.startswith("sciportal-map: run /absent/python: No such file")


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("--points", "absent.json"), 1, "No such file"),
        (("--points", "function.py"), 2, "no JSON"),
        (("--points", "empty.json"), 2, "0 points"),
        (("--points", "object.json"), 2, "else than a list"),
        (("--points", "deep.json"), 2, "RecursionError"),
        (("--points", "pickle.npy"), 2, "not of numbers"),
        (("--points", "cut.npy"), 2, "cut off"),
        (("--points", "cube.npy"), 2, "two dimensions"),
        (("--range", "0", "inf", "3"), 2, "no finite number"),
        (("--range", "0", "1", "0"), 2, "none or too many"),
        (("--range", "0", "1", "many"), 2, "invalid literal"),
        (("--points", "points.json", "--chunk", "0"), 2, "a chunk has no point"),
        (("--points", "points.json", "--seconds", "0"), 2, "--seconds"),
        (("--points", "points.json", "--name", "text"), 1, "defines no function text"),
        (("--points", "points.json", "--function", "points.json"), 1, "no Python file"),
        (("--points", "points.json", "--function", "broken.py"), 1, "SyntaxError"),
        (("--points", "points.json", "--function", "dies.py"), 1, "ended by signal 9"),
    ],
)
def test_a_mistake_is_an_error_in_words_and_leaves_no_results(
    work: Path, more: tuple[str, ...], code: int, said: str
) -> None:
    (work / "empty.json").write_text("[]")
    (work / "object.json").write_text('{"points": [1]}')
    (work / "deep.json").write_text("[" * 100_000)
    (work / "broken.py").write_text("def R(x)\n")
    (work / "dies.py").write_text("import os\nos.kill(os.getpid(), 9)\n")
    numpy.save(work / "pickle.npy", numpy.array([{}], dtype=object), allow_pickle=True)
    numpy.save(work / "cube.npy", numpy.zeros((2, 2, 2)))
    numpy.save(work / "cut.npy", numpy.zeros(100))
    (work / "cut.npy").write_bytes((work / "cut.npy").read_bytes()[:-1])
    ended = run(work, *more)
    assert (ended.returncode, said in ended.stderr) == (code, True), ended
    assert ended.stderr.startswith("sciportal-map: ")
    assert "Traceback" not in ended.stderr
    assert not list(work.glob("results*"))


@pytest.mark.parametrize("task", ["-1", "x", "1000", "99999999999999999999", "0 1"])
def test_a_task_that_is_none_is_refused(work: Path, task: str) -> None:
    ended = run(work, "--points", "points.json", task=task)
    assert ended.returncode == 2, ended
    assert not (work / ".map").exists()

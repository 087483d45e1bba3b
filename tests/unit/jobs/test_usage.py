"""What a job's program used is written down, and nothing about the program changes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from confined.place import PYTHON, Place
from sciportal.jobs import footprint, usage

PATIENCE = 120
BUSY = """
import subprocess, sys, time
if sys.argv[1] == "leaf":
    held = bytearray(40_000_000)
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    print("ready", flush=True)
    time.sleep(float(sys.argv[2]))
else:
    own = [sys.executable, "-c", sys.argv[2], "leaf", sys.argv[3]]
    children = [subprocess.Popen(own) for _ in range(2)]
    open("made", "wb").write(bytes(100_000))
    sys.exit(max(child.wait() for child in children))
"""


def words(file: Path, *program: str) -> list[str]:
    head = [sys.executable, "-m", "sciportal.jobs.usage", "--file", str(file)]
    return [*head, "--directory", str(file.parent / "work"), "--", *program]


def run(file: Path, *program: str) -> subprocess.CompletedProcess[str]:
    work = file.parent / "work"
    work.mkdir(exist_ok=True)
    return subprocess.run(
        words(file, *program),
        cwd=work,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_time_memory_and_files_are_those_of_the_whole_family(tmp_path: Path) -> None:
    file = tmp_path / "usage.json"
    begun = time.time()
    ended = run(file, sys.executable, "-c", BUSY, "root", BUSY, "1.5")
    assert ended.returncode == 0, ended
    used = read(file)
    assert begun <= used["started_at"] < used["ended_at"] <= time.time()
    assert 0.6 <= used["user_seconds"] + used["system_seconds"] < PATIENCE
    assert 40_000_000 < used["peak_process_bytes"] < 80_000_000
    assert used["peak_memory_bytes"] > 80_000_000
    assert used["disk_bytes"] >= 100_000
    assert used["files"] == 1


@pytest.mark.parametrize(("program", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
def test_it_ends_as_the_program_does(tmp_path: Path, program: str, code: int) -> None:
    ended = run(tmp_path / "usage.json", "sh", "-c", program)
    assert ended.returncode == code, ended
    assert read(tmp_path / "usage.json")["files"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_is_the_programs(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "work").mkdir()
    trap = f"trap 'echo got; exit 40' {number.name[3:]}; echo ready; while :; do sleep 0.05; done"
    process = subprocess.Popen(
        words(tmp_path / "usage.json", "sh", "-c", trap), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE)
    assert (out, process.returncode) == ("got\n", 40)
    assert read(tmp_path / "usage.json")["ended_at"] > 0


def test_what_a_confined_program_uses_is_counted(place: Place, layer: str) -> None:
    directory = place.directory(f"{layer}-used")
    above = place.directory(f"{layer}-told")
    busy = "import time\nwhile time.process_time() < 0.7: pass\nheld = bytearray(30_000_000)"
    confined = place.words(directory, [PYTHON, "-c", busy], "--layer", layer)
    measured = [PYTHON, "-m", "sciportal.jobs.usage", "--file", f"{above}/usage.json"]
    ended = place.run([*measured, "--directory", str(directory), "--", *confined])
    assert ended.returncode == 0, ended
    used = read(above / "usage.json")
    assert used["user_seconds"] + used["system_seconds"] > 0.7
    assert used["peak_process_bytes"] > 30_000_000


def test_what_a_program_leaves_behind_is_not_waited_for_long(tmp_path: Path) -> None:
    ended = run(tmp_path / "usage.json", "sh", "-c", "sleep 600 > /dev/null 2>&1 & echo $!")
    # It is still there.
    os.kill(int(ended.stdout), signal.SIGKILL)
    assert ended.returncode == 0


def test_a_file_that_cannot_be_written_changes_no_exit_code(tmp_path: Path) -> None:
    (tmp_path / "usage.json").mkdir()
    ended = run(tmp_path / "usage.json", "sh", "-c", "exit 3")
    assert ended.returncode == 3
    assert "was not written" in ended.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["usage.json", "work"]


def test_a_program_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    ended = run(tmp_path / "usage.json", "/absent/program")
    assert ended.returncode == 1
    assert ended.stderr.startswith("sciportal-usage: ")
    assert "Traceback" not in ended.stderr


def test_tasks_are_added_up(tmp_path: Path) -> None:
    parts = []
    for number, (start, seconds, peak) in enumerate([(50.0, 2.0, 300), (40.0, 3.0, 100)]):
        part = tmp_path / f"{number}.json"
        times = {"started_at": start, "ended_at": start + 5, "user_seconds": seconds}
        part.write_text(json.dumps(times | {"system_seconds": 0.5, "peak_memory_bytes": peak}))
        parts.append(str(part))
    assert usage.main(["--file", str(tmp_path / "whole.json"), "--sum", *parts]) == 0
    assert read(tmp_path / "whole.json") == {
        "started_at": 40.0,
        "ended_at": 55.0,
        "user_seconds": 5.0,
        "system_seconds": 1.0,
        "peak_memory_bytes": 300,
    }


def test_links_are_not_followed_and_loops_end(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(bytes(1_000_000))
    work = tmp_path / "work"
    (work / "deep").mkdir(parents=True)
    (work / "deep" / "up").symlink_to(work)
    (work / "out").symlink_to(outside)
    (work / "deep" / "file").write_bytes(bytes(5000))
    size, files = footprint.of_directory(str(work))
    assert files == 3
    assert 5000 <= size < 100_000


def test_a_process_that_is_gone_holds_nothing() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert footprint.of_family(process.pid) == 0
    assert footprint.of_family(os.getpid()) > 1_000_000

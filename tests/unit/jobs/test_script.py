"""The batch script, run as it is by sh(1); what it calls is here a few lines of shell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sciportal.jobs import script
from sciportal.jobs.exits import explain
from sciportal.jobs.order import Limits, Map, Order
from sciportal.jobs.script import Programs, batch

RUNNING: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def _no_process_left() -> Iterator[None]:
    yield
    for process in RUNNING:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
    RUNNING.clear()


def order(text: str, **more: object) -> Order:
    """A job that runs `text`."""
    given = {"application": "shell", "name": "a job", "account": "alice", "host": ""}
    return Order(job=17, attempt=1, user="alice", script=text, **{**given, **more})  # type: ignore[arg-type]


def programs(directory: Path) -> Programs:
    """Stand-ins that do what the script needs of them, and note how they were called."""
    bin_ = directory / "bin"
    bin_.mkdir()
    until = 'while [ "$1" != -- ]; do shift; done; shift'
    texts = {
        "confine": f'echo "$@" >> ../confined; {until}; exec "$@"',
        "usage": f'case "$*" in *--sum*) exit 0; esac; {until}; cd work; exec "$@"',
        "notify": f'echo "$SCIPORTAL_LISTENER $SCIPORTAL_TOKEN $@" >> {directory}/told',
        "map": "exit 1",
    }
    for name, text in texts.items():
        (bin_ / f"sciportal-{name}").write_text(f"#!/bin/sh\n{text}\n")
        (bin_ / f"sciportal-{name}").chmod(0o755)
    return Programs.in_directory(str(bin_))


def made(tmp_path: Path, given: Order) -> Path:
    """The job's directory, with its script."""
    directory = tmp_path / "17.1"
    (directory / script.WORK).mkdir(parents=True)
    (directory / script.SCRIPT).write_text(given.script)
    (directory / "batch").write_text(batch(given, str(directory), programs(tmp_path)))
    return directory


def start(directory: Path, **variables: str) -> subprocess.Popen[str]:
    """Run the script."""
    process = subprocess.Popen(
        ["sh", str(directory / "batch")],
        env={"PATH": os.environ["PATH"], **variables},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
    )
    RUNNING.append(process)
    return process


def run(directory: Path, **variables: str) -> int:
    """Run the script to its end."""
    process = start(directory, **variables)
    said, _ = process.communicate(timeout=20)
    assert not said
    return process.returncode


def test_it_tells_exit_code_and_events(tmp_path: Path) -> None:
    given = order("echo x > out; exit 3").announcing("http://web:8098/notify", "t0ken")
    directory = made(tmp_path, given)
    assert run(directory) == 3
    assert (directory / script.EXIT).read_text() == "3\n"
    assert (directory / "work/out").read_text() == "x\n"
    told = (tmp_path / "told").read_text().splitlines()
    assert sorted(told) == [
        "http://web:8098/notify t0ken finished 3",
        "http://web:8098/notify t0ken started",
    ]
    assert "t0ken" not in (directory / "confined").read_text()


def test_it_runs_once_whoever_submitted_it_twice(tmp_path: Path) -> None:
    directory = made(tmp_path, order("echo x >> ../runs"))
    assert run(directory, SLURM_JOB_ID="5") == 0
    assert run(directory, SLURM_JOB_ID="6") == 0
    assert (directory / "runs").read_text() == "x\n"


def test_a_slurmctld_that_forgot_starting_it_runs_it_once(tmp_path: Path) -> None:
    directory = made(tmp_path, order("echo x >> ../runs; kill -KILL $PPID"))
    for _ in range(2):
        run(directory, SLURM_JOB_ID="5")
    assert (directory / "runs").read_text() == "x\n"


def test_a_job_that_ended_does_not_run_again(tmp_path: Path) -> None:
    directory = made(tmp_path, order("echo x >> ../runs"))
    for restarts in "0", "1":
        assert run(directory, SLURM_JOB_ID="5", SLURM_RESTART_COUNT=restarts) == 0
    assert (directory / "runs").read_text() == "x\n"


def test_many_at_once_run_it_once(tmp_path: Path) -> None:
    directory = made(tmp_path, order("echo x >> ../runs"))
    running = [start(directory, SLURM_JOB_ID=str(number)) for number in range(12)]
    assert [process.wait(20) for process in running] == [0] * 12
    assert (directory / "runs").read_text() == "x\n"


def test_a_requeued_job_begins_with_its_inputs_anew(tmp_path: Path) -> None:
    died = "[ -e ../died ] || { touch ../died; kill -KILL $PPID; }"
    text = f"cat input >> ../seen; echo spoilt > input; rm -f other; {died}"
    directory = made(tmp_path, order(text))
    (directory / "work/input").write_text("good\n")
    (directory / "work/other").write_text("")
    assert run(directory, SLURM_JOB_ID="5") == -signal.SIGKILL
    assert run(directory, SLURM_JOB_ID="5", SLURM_RESTART_COUNT="1") == 0
    assert (directory / "seen").read_text() == "good\ngood\n"


def test_a_job_that_was_stopped_while_inputs_were_kept_has_all_of_them(tmp_path: Path) -> None:
    directory = made(tmp_path, order("cat first second >> ../seen; rm first second"))
    for name in ("first", "second"):
        (directory / "work" / name).write_text(f"{name}\n")
    # What cp(1) had copied when it was killed; the job is requeued twice.
    (directory / "inputs.new").mkdir()
    (directory / "inputs.new" / "first").write_text("fir")
    for count in ("0", "1"):
        assert run(directory, SLURM_JOB_ID="5", SLURM_RESTART_COUNT=count) == 0
        # Who is requeued has not ended.
        (directory / "exit").unlink()
    assert (directory / "seen").read_text() == "first\nsecond\n" * 2


def test_a_cancelled_job_does_not_begin(tmp_path: Path) -> None:
    directory = made(tmp_path, order("echo x > ../ran"))
    (directory / script.CANCELLED).touch()
    assert run(directory) == 0
    assert not (directory / "ran").exists()
    assert not (directory / script.EXIT).exists()


def test_a_job_that_is_sent_anew_does_not_begin_and_does_not_say_so(tmp_path: Path) -> None:
    directory = made(tmp_path, order("echo x > ../ran"))
    (directory / script.WITHDRAWN).touch()
    assert run(directory, SLURM_JOB_ID="5") == 0
    assert not (directory / "ran").exists()
    assert not list(directory.glob(f"{script.BEGAN}*"))
    # Unless the batch system knows it again.
    (directory / script.WITHDRAWN).unlink()
    assert run(directory, SLURM_JOB_ID="5") == 0
    assert (directory / "ran").exists()


def test_a_job_that_is_signalled_still_tells_its_end(tmp_path: Path) -> None:
    directory = made(tmp_path, order("echo x > ../running; exec sleep 30"))
    process = start(directory)
    deadline = time.monotonic() + 10
    while not (directory / "running").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(10) == 143
    assert (directory / script.EXIT).read_text() == "143\n"


def test_too_much_data_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "_WATCH_SECONDS", 0.2)
    text = "head -c 300000 /dev/zero > big; exec sleep 30"
    directory = made(tmp_path, order(text, limits=Limits(total_bytes=200_000)))
    assert run(directory) == 143
    assert (
        directory / script.REASON
    ).read_text() == "its files are larger than 200000 bytes together\n"


def test_a_mapped_job_is_tasks_and_what_gathers(tmp_path: Path) -> None:
    given = order('echo "$SCIPORTAL_MAP_TASK" >> ../tasks', map=Map(points=4, chunk=2))
    directory = made(tmp_path, given)
    for number in range(2):
        assert run(directory, SLURM_JOB_ID=str(number), SLURM_ARRAY_TASK_ID=str(number)) == 0
        assert not (directory / script.EXIT).exists()
    assert run(directory, SLURM_JOB_ID="9") == 0
    assert (directory / "tasks").read_text() == "0\n1\ngather\n"
    assert (directory / script.EXIT).exists()
    assert "--env SCIPORTAL_MAP_TASK" in (directory / "confined").read_text()


def test_what_users_chose_is_a_word_in_it(tmp_path: Path) -> None:
    given = order("true", profile="p", read=("/opt/a b;touch x",), network=True)
    directory = made(tmp_path, given)
    assert run(directory) == 0
    said = (directory / "confined").read_text()
    assert "--read /opt/a b;touch x --network host --profile p --cpu 3600" in said
    assert json.dumps(given.name) not in (directory / "batch").read_text()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, ""),
        (7, ""),
        (152, "more than 3600 s"),
        (153, "larger than"),
        (137, "SIGKILL"),
        (255, ""),
    ],
)
def test_exit_codes_tell_of_limits(code: int, said: str) -> None:
    found = explain(code, Limits())
    assert said in found
    assert bool(found) is bool(said)

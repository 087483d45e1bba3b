"""The keeper is killed at each of its steps; the next one loses nothing and runs nothing twice."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from batch import killing
from batch.killing import CALLS, LINES
from batch.own_slurm import OwnSlurm
from batch.portal import Portal, programs, turn
from batch.processes import ProcessBackend
from sciportal.jobs.accounts.account_map import AccountMap
from sciportal.jobs.accounts.client import Helper
from sciportal.jobs.queue.backend import Attempt, Backend
from sciportal.jobs.queue.slurm import SlurmBackend
from sciportal.jobs.script import Programs
from sciportal.jobs.states import State
from sciportal.jobs.store.job import Job
from sciportal.service.errors import NotRunningError
from sciportal.service.slurm import Slurm

FILES = ("/jobs/keeper/", "/batch/processes.py", "/batch/portal.py", "/jobs/queue/slurm.py")
NUMBERS = count(1_000_000)
_SECONDS = 40
ENDS = ("complete", "cancel", "delete", "error")


def keep(root: Path, backend: Backend) -> None:
    """Be a keeper until there is nothing left to do."""
    portal = Portal(root, f"sqlite:///{root}/portal.sqlite")
    keeper = portal.keeper(backend)
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        turn(keeper)
        keeper.reconcile()
        job = portal.job(int((root / "number").read_text()))
        if job.purged_at or (job.collected_at and not job.deleted_at):
            return
        wanted = root / "wanted"
        if wanted.exists() and job.started_at and not job.final and said(backend, job):
            portal.store.want_cancel(job.id, State(wanted.read_text()))
        time.sleep(0.05)
    raise AssertionError(job)


def said(backend: Backend, job: Job) -> bytes:
    """What a job has written so far."""
    try:
        return backend.tail(Attempt.of(job.order), "stdout", 0, 9).data
    except (NotRunningError, OSError):
        return b""


def at_each_step(
    tmp_path: Path,
    template: Path,
    backend: Callable[[Path], Backend],
    kind: str,
    end: str,
    steps: tuple[int, int] = (0, 1),
) -> int:
    """Kill a keeper at each step of a job that ends in a way, and see what the next one does.

    Args:
        tmp_path: where.
        template: a migrated database.
        backend: made anew in each keeper.
        kind: of the steps.
        end: one of ENDS.
        steps: which of them, as remainder and divisor.

    Returns:
        How many steps there were.
    """
    remainder, divisor = steps
    number = remainder + 1
    while True:
        root = tmp_path / f"{end}-{number}"
        root.mkdir(mode=0o755)
        shutil.copy(template, root / "portal.sqlite")
        portal = Portal(root, f"sqlite:///{root}/portal.sqlite")
        long = end in ("cancel", "delete")
        code = 1 if end == "error" else 0
        # A shell whose sleep is killed first would go on to its end.
        last = "exec sleep 60" if long else f"sleep 0.1; exit {code}"
        job = portal.submit(f"echo x >> ../../runs; echo x; echo 1 > out; {last}")
        # Slurm remembers the numbers of jobs for a while, so they are not to come again.
        number_of_job = job.id if backend is processes else next(NUMBERS)
        renumber(root, number_of_job)
        if long:
            (root / "wanted").write_text(end.upper())
        portal.close()
        # What is there before any keeper is not made by one that is killed.
        backend(root)

        def action(root: Path = root) -> None:
            keep(root, backend(root))

        killed = killing.run(action, FILES, kind, number)
        if killed:
            assert not killing.run(action, FILES, kind, 0)
        check(root, backend(root), number_of_job, end)
        if not killed:
            return number - 1
        number += divisor


def renumber(root: Path, number: int) -> None:
    """Give the one job another number."""
    (root / "number").write_text(str(number))
    with closing(sqlite3.connect(root / "portal.sqlite")) as database, database:
        database.execute("UPDATE jobs SET id = ?", (number,))
        database.execute("UPDATE events SET job_id = ?", (number,))


def check(root: Path, backend: Backend, job_id: int, end: str) -> None:
    """What is promised, whatever was killed."""
    portal = Portal(root, f"sqlite:///{root}/portal.sqlite")
    try:
        job = portal.job(job_id)
        assert job.state.value == end.upper()
        assert [each.final for each in portal.store.events(job_id)].count(True) == 1
        assert job.attempt == 1
        assert spool(root, backend, job_id) == ["x"]
        if end == "delete":
            assert not (root / "jobs" / str(job_id)).exists()
            return
        assert portal.results(job_id)["out"] == "1\n"
        assert portal.results(job_id)["stdout"] == "x\n"
        assert len(job.results_sum) == 64
        said = "\n".join(portal.status(job_id))
        assert said.index("sent") < said.index("Submitted batch") < said.index("copied")
    finally:
        portal.close()


def spool(root: Path, backend: Backend, job_id: int) -> list[str]:
    """What it wrote each time it ran; nothing else of it is left where it ran."""
    if isinstance(backend, SlurmBackend):
        home = Path(backend._helper.accounts().find("alice").home)
        assert not (home / "sciportal-jobs" / f"{job_id}.1").exists()
        # A confined program cannot write there; its output says how often it ran.
        return ["x"]
    assert not (root / "spool" / f"{job_id}.1").exists()
    return killing.lines(root / "spool" / "runs")


def processes(root: Path) -> Backend:
    """Jobs as processes."""
    made = programs(root / "bin") if not (root / "bin").exists() else None
    return ProcessBackend(root / "spool", made or Programs.in_directory(str(root / "bin")))


@pytest.mark.parametrize(
    "end", ["complete", *(pytest.param(end, marks=pytest.mark.more) for end in ENDS[1:])]
)
def test_killed_at_each_function(
    portal: Portal, tmp_path: Path, sqlite_template: Path, end: str
) -> None:
    assert at_each_step(tmp_path, sqlite_template, processes, CALLS, end) > 15


@pytest.mark.more
@pytest.mark.parametrize("remainder", range(6))
@pytest.mark.parametrize("end", ENDS)
def test_killed_at_each_line(
    portal: Portal, tmp_path: Path, sqlite_template: Path, end: str, remainder: int
) -> None:
    steps = (remainder, 6)
    assert at_each_step(tmp_path, sqlite_template, processes, LINES, end, steps) > 50


@pytest.mark.more
@pytest.mark.parametrize("end", ["complete", "cancel"])
def test_killed_at_each_function_with_slurm(
    own_slurm: OwnSlurm, tmp_path: Path, sqlite_template: Path, end: str
) -> None:
    def slurm(root: Path) -> Backend:
        home = own_slurm.home("alice") / root.name
        text = f'[[account]]\nuser = "alice"\naccount = "alice"\nhome = "{home}"\n'
        own_slurm.set_accounts(text)
        own_slurm.run("mkdir", "-p", str(home), user="alice")
        accounts = str(own_slurm.accounts)
        helper = Helper(lambda: AccountMap.read(accounts), own_slurm.words(["sciportal-submit"]))
        return SlurmBackend(helper, Slurm(environ={"SLURM_CONF": str(own_slurm.conf)}))

    assert at_each_step(tmp_path, sqlite_template, slurm, CALLS, end) > 15

"""A portal and clusters far away, all as processes of this host, and what became of their jobs."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from batch import ports
from batch.own_slurm import OwnSlurm
from confined.place import PYTHON, UID, Place
from confined.place import made as confined_place
from dispatch import certificate, configured
from jobs.judged import judge
from sciportal.jobs.order import InputFile, Order
from sciportal.jobs.settings import DISPATCH
from sciportal.jobs.states import Cause, State
from sciportal.jobs.store import engine
from sciportal.jobs.store.job import Job, NewJob
from sciportal.jobs.store.store import Store

HERE = Path(__file__).resolve().parent
PATIENCE = 120
LEASE = 2.0
_LIMITS = {"results_bytes": 10_000_000}


class Submitted(NamedTuple):
    """A job of a test."""

    number: int
    """The test's own; the store has another."""
    code: int
    """With which it ends."""


class Far:
    """See the module.

    Args:
        place: where the account of the clusters can read the programs.
        database: URL of a migrated database.
    """

    def __init__(self, place: Place, database: str) -> None:
        self.root = place.root
        self.tools = place.tools
        self.store = Store(engine.connect(database))
        (self.port,) = ports.free_ports(1)
        self.processes: list[subprocess.Popen[bytes]] = []
        self.portal: subprocess.Popen[bytes] | None = None
        self.tally = self._directory("tally", UID)
        self.tally.chmod(0o777)
        self.offset = self.root / "offset"
        self.offset.write_text("0")
        self._numbers = count(1)
        self._jobs: dict[int, Submitted] = {}
        shutil.copy(HERE / "doomed.py", self.tools)
        self._programs()
        self.certificate = certificate.made(self.root)
        times = {"lease_seconds": LEASE, "lost_seconds": 600}
        configured.portal(self.root, database, _LIMITS, **times)

    def close(self) -> None:
        """End all processes of it, whoever started them."""
        deadline = time.monotonic() + PATIENCE
        while left := self.living():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for each in self.processes:
                each.poll()
            assert time.monotonic() < deadline, left
            time.sleep(0.02)
        self.store.engine.dispose()

    def living(self) -> list[int]:
        """All processes that have to do with it: their words, directory or environment say so."""
        mark = str(self.root).encode()
        found = []
        for each in Path("/proc").glob("[0-9]*"):
            if int(each.name) == os.getpid():
                continue
            with suppress(OSError):
                said = [(each / name).read_bytes() for name in ("cmdline", "environ")]
                with suppress(OSError):
                    said.append(bytes((each / "cwd").readlink()))
                if any(mark in text for text in said):
                    found.append(int(each.name))
        return found

    # The portal

    def start_portal(self) -> None:
        """Have it answer."""
        words = [sys.executable, str(HERE / "serve.py"), str(self.root / "portal.toml")]
        words += [str(self.port), *map(str, (*self.certificate, self.offset))]
        environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1] / "src")}
        with (self.root / "portal.log").open("ab") as log:
            self.portal = subprocess.Popen(words, env=environment, stdout=log, stderr=log, cwd="/")
        self.processes.append(self.portal)
        self.until(lambda: ports.is_open(self.port))

    def kill_portal(self) -> None:
        """Kill it, as it is."""
        assert self.portal
        self.portal.kill()
        self.portal.wait()

    # Clusters

    def cluster(self, name: str, port: int = 0, uid: int = UID, **settings: Any) -> Path:
        """Declare a cluster; its settings.

        Args:
            name: the worker's.
            port: where it finds the portal; its own by default.
            uid: whose process it is.
            settings: of the worker, beside those that all have.
        """
        given = {
            "portal": f"https://localhost:{port or self.port}",
            "ca_file": str(self.certificate.path),
            "layer": "none",
            **settings,
        }
        return configured.cluster(self.store, self.root, name, uid, **given)

    def start_worker(self, settings: Path, moment: str = "") -> subprocess.Popen[bytes]:
        """Start a cluster's worker.

        Args:
            settings: the cluster's.
            moment: at which it is killed, see doomed.py.
        """
        program = ["-m", "sciportal.jobs.worker.cli"]
        if moment:
            program = [str(self.tools / "doomed.py"), moment]
        words = [PYTHON, *program, "--settings", str(settings), "run"]
        environment = {
            "PYTHONPATH": str(self.tools),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": f"{self.tools}/bin:/usr/bin:/bin",
        }
        more: dict[str, Any] = {}
        if os.geteuid() == 0:
            more = {"user": UID, "group": UID, "extra_groups": []}
        with (settings.parent / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                words, env=environment, cwd="/", stdout=log, stderr=log, **more
            )
        self.processes.append(worker)
        return worker

    def start_in(self, slurm: OwnSlurm, settings: Path, user: str) -> None:
        """Start a cluster's worker as an account of its own Slurm."""
        words = slurm.words(["sciportal-worker", "--settings", str(settings), "run"], user)
        with (settings.parent / "worker.log").open("ab") as log:
            self.processes.append(subprocess.Popen(words, cwd="/", stdout=log, stderr=log))

    def kill_workers(self, settings: Path) -> None:
        """Kill what was started with these settings, whoever is its parent."""
        mark = os.fsencode(settings)
        for pid in self.living():
            with suppress(OSError):
                if mark in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
        for each in self.processes:
            each.poll()

    # Jobs

    def submit(self, host: str = "", code: int = 0, seconds: float = 0.2, **order: Any) -> int:
        """Submit a job that counts how often it runs; its number."""
        number = next(self._numbers)
        tally = self.tally / str(number)
        script = (
            f"echo run >> {tally}\nsleep {seconds}\n"
            f"cat input.txt > out.txt\necho said\nexit {code}\n"
        )
        data = f"input of {number}\n".encode()
        file = InputFile("input.txt", len(data), hashlib.sha256(data).hexdigest())
        made = Order(
            **{
                "job": 0,
                "attempt": 1,
                "user": "alice",
                "account": "",
                "host": host,
                "application": "shell",
                "name": str(number),
                "script": script,
                "files": (file,),
                "outputs": ("*.txt",),
                **order,
            }
        )
        new = NewJob(owner="alice", origin="127.0.0.1", parameters={}, order=made, backend=DISPATCH)

        def put(job: Job) -> None:
            inputs = self.root / "state/jobs" / str(job.id) / "inputs"
            inputs.mkdir(parents=True)
            (inputs / file.name).write_bytes(data)

        job = self.store.submit(new, place=put)
        self._jobs[job.id] = Submitted(number, code)
        return job.id

    def skip(self, number: int) -> None:
        """Use so many numbers of jobs up, which another test's jobs had in the same Slurm."""
        for _ in range(number):
            job = self.submit(host="nowhere")
            self.store.want_cancel(job, State.CANCEL)
            del self._jobs[job]

    def count(self, job: int) -> int:
        """How often a job ran."""
        path = self.tally / str(self._jobs[job].number)
        return len(path.read_text().splitlines()) if path.exists() else 0

    def job(self, number: int) -> Job:
        """A job, as the store has it."""
        found = self.store.job(number)
        assert found
        return found

    def result(self, job: int, name: str) -> str:
        """The text of a result."""
        return (self.root / "state/jobs" / str(job) / "results" / name).read_text()

    def wait(self, seconds: float = PATIENCE) -> None:
        """Wait until all jobs have ended."""
        self.until(lambda: all(self.job(each).final for each in self._jobs), seconds)

    def judge(self) -> None:
        """Every job ran once, ended once, and its results are here, once."""
        self.wait()
        for number, (given, code) in self._jobs.items():
            judge(self.store, self.root / "state", number, f"input of {given}\n", code)
            causes = [each.cause for each in self.store.events(number)]
            assert (self.count(number), causes.count(Cause.STARTED)) == (1, 1), (number, causes)

    def idle(self, *settings: Path) -> None:
        """Wait until workers have nothing left, in ledger, directories or processes of jobs."""
        for path in settings:
            spool = path.parent / "spool"
            for name in ("ledger", "sciportal-jobs"):
                self.until(lambda place=spool / name: not any(place.glob("[0-9]*")))
        mine = {each.pid for each in self.processes}
        self.until(lambda: not set(self.living()) - mine)

    def until(self, condition: Callable[[], Any], seconds: float = PATIENCE) -> None:
        """Wait for something."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.told()
            time.sleep(0.05)

    def told(self) -> str:
        """The last lines of all logs, and the jobs."""
        logs = [f"{each}: {each.read_text()[-1500:]}" for each in self.root.glob("**/*.log")]
        jobs = [str((each, self.job(each).state, self.job(each).reason)) for each in self._jobs]
        return "\n".join(logs + jobs)

    # How it is made

    def _directory(self, name: str, owner: int) -> Path:
        made = self.root / name
        made.mkdir(mode=0o755)
        os.chown(made, owner, -1)
        return made

    def _programs(self) -> None:
        programs = {
            "confine": "confinement.cli",
            "usage": "usage",
            "map": "mapper.cli",
        }
        (self.tools / "bin").mkdir()
        for name, module in programs.items():
            path = self.tools / "bin" / f"sciportal-{name}"
            call = f'exec {PYTHON} -m sciportal.jobs.{module} "$@"'
            path.write_text(f"#!/bin/sh\nPYTHONPATH={self.tools} {call}\n")
            path.chmod(0o755)


@contextmanager
def made(database: str) -> Iterator[Far]:
    """A portal that answers, and no clusters yet."""
    with confined_place() as place:
        far = Far(place, database)
        try:
            far.start_portal()
            yield far
        finally:
            far.close()

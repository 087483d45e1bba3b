"""Another batch system: a process a job. It shows that one is one file, and is quick in tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sciportal.jobs import outputs, script
from sciportal.jobs.order import Order
from sciportal.jobs.queue.backend import Attempt, Collected, Parcel, Phase, Sight, Tail
from sciportal.service.errors import NotRunningError, ServiceError


class ProcessBackend:
    """Runs jobs below a directory, as processes that outlive whoever started them.

    Args:
        root: the directory.
        programs: what the scripts call.
    """

    pulls = False

    def __init__(self, root: Path, programs: script.Programs) -> None:
        self._root = root
        self._programs = programs

    def send(self, parcels: Sequence[Parcel]) -> Sequence[str | ServiceError]:
        """See `Backend`."""
        said: list[str | ServiceError] = []
        for each in parcels:
            try:
                said.append(self.start(*each))
            except ServiceError as error:
                said.append(error)
        return said

    def start(self, order: Order, inputs: Path) -> str:
        """Start a job once."""
        directory = self.directory(Attempt.of(order))
        if not directory.exists():
            draft = directory.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            (draft / script.WORK).mkdir(parents=True)
            for each in order.files:
                shutil.copy(inputs / each.name, draft / script.WORK)
            (draft / script.SCRIPT).write_text(order.script)
            text = script.batch(order, str(directory), self._programs)
            (draft / "batch").write_text(text)
            draft.rename(directory)
        # Twice is once: the script lets the first alone run.
        words = ["sh", str(directory / "batch")]
        with (directory / script.OUT).open("ab") as out, (directory / script.ERR).open("ab") as err:
            process = subprocess.Popen(
                words,
                start_new_session=True,
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        with (directory / "process").open("a") as pids:
            pids.write(f"{process.pid}\n")
        return str(process.pid)

    def look(self, orders: Sequence[Order]) -> Mapping[Attempt, Sight | Exception]:
        """See `Backend`."""
        return {Attempt.of(each): self._sight(Attempt.of(each)) for each in orders}

    def _sight(self, attempt: Attempt) -> Sight:
        path = self.directory(attempt) / script.EXIT
        if path.exists():
            return Sight(Phase.ENDED, int(path.read_text()))
        if any(_runs(pid) for pid in self.processes(attempt)):
            return Sight(Phase.RUNNING)
        if path.exists():
            return Sight(Phase.ENDED, int(path.read_text()))
        return Sight(Phase.ABSENT)

    def cancel(self, attempt: Attempt) -> None:
        """See `Backend`."""
        if self.directory(attempt).exists():
            (self.directory(attempt) / script.CANCELLED).touch()
        for pid in self.processes(attempt):
            with suppress(ProcessLookupError):
                os.killpg(pid, 15)

    def withdraw(self, attempt: Attempt) -> None:
        """See `Backend`."""
        if self.directory(attempt).exists():
            (self.directory(attempt) / script.WITHDRAWN).touch()

    def collect(self, order: Order, into: Path) -> Collected:
        """See `Backend`."""
        directory = self.directory(Attempt.of(order))
        if not directory.exists():
            raise NotRunningError("read what a job has made", "it is gone", "submit it again")
        found = outputs.find(str(directory), order.outputs, order.limits.total_bytes)
        for each in found.files:
            with outputs.opened(str(directory), each.path) as file:
                (into / each.name).write_bytes(file.read())
        return Collected({}, found.left_out)

    def tail(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail:
        """See `Backend`."""
        try:
            data = (self.directory(attempt) / stream).read_bytes()
        except FileNotFoundError:
            # Who asks looked for results before, which have come since then.
            raise NotRunningError("read a log", "it is gone", "look at the results") from None
        first = max(len(data) + start, 0) if start < 0 else start
        return Tail(len(data), first, data[first : first + most])

    def clean(self, attempt: Attempt) -> None:
        """See `Backend`."""
        shutil.rmtree(self.directory(attempt), ignore_errors=True)

    def close(self) -> None:
        """See `Backend`: nothing takes long."""

    def processes(self, attempt: Attempt) -> list[int]:
        """Those that were ever started for a job, each the first of its session."""
        directory = self.directory(attempt)
        path = directory / "process"
        lines = path.read_text().splitlines() if path.exists() else []
        # Each says so itself as well, should who started it have died before writing it down.
        found = [*lines, *(each.name.rpartition(".")[2] for each in directory.glob("run.*"))]
        return [int(each) for each in dict.fromkeys(found) if each.isdigit()]

    def directory(self, attempt: Attempt) -> Path:
        """Where a job is."""
        return self._root / f"{attempt.job}.{attempt.attempt}"


_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def _runs(pid: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    with suppress(OSError):
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    return False

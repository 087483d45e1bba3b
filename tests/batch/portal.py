"""A portal for tests of what happens behind it: store, files and keeper, without any page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sciportal.jobs.files import JobFiles
from sciportal.jobs.keeper.errands import Errands
from sciportal.jobs.keeper.keeper import Keeper
from sciportal.jobs.order import InputFile, Order
from sciportal.jobs.queue.backend import Backend
from sciportal.jobs.script import Programs
from sciportal.jobs.settings import SLURM, Settings
from sciportal.jobs.status_file import StatusFiles
from sciportal.jobs.store import engine
from sciportal.jobs.store.job import Job, NewJob
from sciportal.jobs.store.store import Store

USER = "alice"


class Portal:
    """One.

    Args:
        root: the directory of all that it has.
        url: of its migrated database.
    """

    def __init__(self, root: Path, url: str) -> None:
        self.root = root
        self.store = Store(engine.connect(url))
        self.settings = Settings(state_dir=root, reconcile_seconds=0.2)
        self.files = JobFiles(root, self.settings.limits)
        self.status_files = StatusFiles(root)
        self.logged: list[str] = []
        self._keepers: list[Keeper] = []

    def keeper(self, backend: Backend, **more: Any) -> Keeper:
        """What looks after its jobs."""
        given = {"log": self.logged.append, **more}
        parts = (self.settings, b"s" * 32, self.files, self.status_files)
        made = Keeper(Errands(self.store, backend, SLURM, *parts, **given), self.settings, **given)
        self._keepers.append(made)
        return made

    def submit(self, script: str, files: Sequence[InputFile] = (), **more: Any) -> Job:
        """A new job."""
        given = {"application": "shell", "name": "a job", "account": USER, "host": "", **more}
        given = {"outputs": ("*",), "user": USER, **given}
        order = Order(job=0, attempt=1, script=script, files=tuple(files), **given)
        new = NewJob(owner=order.user, origin="", parameters={}, order=order, backend=SLURM)
        return self.store.submit(new)

    def job(self, job_id: int) -> Job:
        """A job as it is now."""
        found = self.store.job(job_id)
        assert found is not None
        return found

    def results(self, job_id: int) -> dict[str, str]:
        """The results of a job, by name."""
        directory = self.root / "jobs" / str(job_id) / "results"
        found = [each.path for each in self.files.results(job_id)]
        return {path: (directory / path).read_text() for path in found}

    def status(self, job_id: int) -> list[str]:
        """The lines of a job's status file, without the times at which things happened."""
        lines = self.status_files.path(self.job(job_id)).read_text().splitlines()
        return [line.strip() if line[0] == " " else line.split(" ", 1)[1] for line in lines]

    def close(self) -> None:
        """End its keepers, and let go of the database."""
        for each in self._keepers:
            each.close()
        self.store.engine.dispose()


def turn(keeper: Keeper) -> None:
    """Have a keeper do what is due, and wait for it."""
    keeper.turn()
    keeper.wait()


def programs(directory: Path) -> Programs:
    """Stand-ins for what a script calls, where nothing is to be confined or measured."""
    directory.mkdir()
    until = 'while [ "$1" != -- ]; do shift; done; shift'
    texts = {
        "confine": f'{until}; exec "$@"',
        "usage": f'case "$*" in *--sum*) exit 0; esac; {until}; cd work; exec "$@"',
        "notify": "exit 0",
        "map": "exit 1",
    }
    for name, text in texts.items():
        path = directory / f"sciportal-{name}"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    return Programs.in_directory(str(directory))


def processes_below(root: Path) -> list[int]:
    """Processes that run in a directory, or name it."""
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdigit() and int(each.name) != os.getpid():
            with suppress(OSError):
                where = str((each / "cwd").readlink())
                if (
                    where.startswith(str(root))
                    or str(root).encode() in (each / "cmdline").read_bytes()
                ):
                    found.append(int(each.name))
    return found

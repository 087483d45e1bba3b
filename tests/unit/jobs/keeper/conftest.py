"""A portal whose jobs are processes of this machine."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from batch.own_slurm import wait_for
from batch.portal import Portal, processes_below, programs
from batch.processes import ProcessBackend


@pytest.fixture
def portal(tmp_path: Path, sqlite_template: Path) -> Iterator[Portal]:
    """A portal without jobs."""
    shutil.copy(sqlite_template, tmp_path / "portal.sqlite")
    made = Portal(tmp_path, f"sqlite:///{tmp_path}/portal.sqlite")
    yield made
    made.close()
    for pid in processes_below(tmp_path):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in processes_below(tmp_path):
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    wait_for(lambda: not processes_below(tmp_path), 10)


@pytest.fixture
def backend(tmp_path: Path) -> ProcessBackend:
    """Its batch system."""
    return ProcessBackend(tmp_path / "spool", programs(tmp_path / "bin"))

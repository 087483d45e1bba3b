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
    wait_for(lambda: not left(tmp_path))


def left(root: Path) -> list[int]:
    """What still runs below a directory, and is killed: it may just have started something."""
    found = processes_below(root)
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return found


@pytest.fixture
def backend(tmp_path: Path) -> ProcessBackend:
    """Its batch system."""
    return ProcessBackend(tmp_path / "spool", programs(tmp_path / "bin"))

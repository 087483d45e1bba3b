"""The queue, asked for once for many."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciportal.jobs.queue.snapshot import SECONDS, Snapshot
from sciportal.service.errors import UnknownError
from sciportal.service.slurm import Slurm


@pytest.fixture
def squeue(tmp_path: Path) -> Path:
    """The directory of a squeue that notes each call, and fails while there is a file `down`."""
    program = tmp_path / "squeue"
    program.write_text(f"#!/bin/sh\necho >> {tmp_path}/calls\n[ ! -e {tmp_path}/down ] || exit 1\n")
    program.chmod(0o755)
    return tmp_path


def calls(squeue: Path) -> int:
    """How often it was called."""
    return len((squeue / "calls").read_text().splitlines())


def test_it_is_asked_again_when_it_is_old(squeue: Path) -> None:
    now = [0.0]
    snapshot = Snapshot(Slurm(str(squeue)), clock=lambda: now[0])
    for _each in range(3):
        assert snapshot.queue() == {}
    assert calls(squeue) == 1
    now[0] = SECONDS
    snapshot.queue()
    assert calls(squeue) == 2


def test_that_it_does_not_answer_is_known_to_all_who_ask(squeue: Path) -> None:
    now = [0.0]
    snapshot = Snapshot(Slurm(str(squeue)), clock=lambda: now[0])
    (squeue / "down").touch()
    for _each in range(3):
        with pytest.raises(UnknownError):
            snapshot.queue()
    assert calls(squeue) == 1
    (squeue / "down").unlink()
    now[0] = SECONDS
    assert snapshot.queue() == {}

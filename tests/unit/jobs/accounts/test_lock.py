"""An account that holds the lock of its home, with the root helper and a real Slurm."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from batch.own_slurm import OwnSlurm, wait_for
from batch.portal import Portal
from sciportal.jobs.accounts import place
from sciportal.jobs.accounts.account_map import AccountMap
from sciportal.jobs.accounts.client import Helper
from sciportal.jobs.queue.slurm import SlurmBackend
from sciportal.jobs.states import State
from sciportal.service.errors import UnknownError
from sciportal.service.slurm import Slurm


@pytest.fixture
def backend(own_slurm: OwnSlurm) -> SlurmBackend:
    """The backend of the keeper, for alice and bob."""
    own_slurm.set_accounts(
        "".join(
            f'[[account]]\nuser = "{name}"\naccount = "{name}"\nhome = "{own_slurm.home(name)}"\n'
            for name in ("alice", "bob")
        )
    )
    accounts = str(own_slurm.accounts)
    helper = Helper(lambda: AccountMap.read(accounts), own_slurm.words(["sciportal-submit"]))
    return SlurmBackend(helper, Slurm(environ={"SLURM_CONF": str(own_slurm.conf)}))


@contextmanager
def holding(own_slurm: OwnSlurm, name: str) -> Iterator[None]:
    """An account of a hostile user, who holds the lock of its own home."""
    jobs = own_slurm.home(name) / "sciportal-jobs"
    own_slurm.run("mkdir", "-p", str(jobs), user=name)
    words = own_slurm.words(["flock", str(jobs / ".lock"), "sh", "-c", "echo held; exec cat"], name)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            process.stdin.close()


def test_the_jobs_of_others_are_sent_and_fetched_meanwhile(
    own_slurm: OwnSlurm, backend: SlurmBackend, tmp_path: Path, sqlite_template: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "portal.sqlite")
    portal = Portal(tmp_path, f"sqlite:///{tmp_path}/portal.sqlite")
    keeper = portal.keeper(backend)
    try:
        with holding(own_slurm, "alice"):
            held = portal.submit("true", user="alice", account="alice")
            wait_for(lambda: keeper.turn() or portal.job(held.id).sent_at)
            other = portal.submit("echo 1 > out", user="bob", account="bob")
            wait_for(lambda: keeper.turn() or portal.job(other.id).collected_at)
            assert portal.job(other.id).state is State.COMPLETE
            assert portal.results(other.id)["out"] == "1\n"
            assert not portal.job(held.id).batch_id
        wait_for(lambda: keeper.turn() or portal.job(held.id).collected_at)
        assert portal.job(held.id).state is State.COMPLETE
    finally:
        portal.close()


def test_nobody_waits_for_it_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "LOCK_SECONDS", 0.3)
    first, second = (place.Place(str(tmp_path), number, 1) for number in (1, 2))
    with (
        first.lock(),
        pytest.raises(UnknownError, match=r"held the lock for 0\.3 s"),
        second.lock(),
    ):
        pass
    with second.lock():
        pass

"""The daemons as units run them, each a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from batch.portal import processes_below
from batch.ports import free_ports
from jobs.samples import new_job
from sciportal.jobs import states
from sciportal.jobs.notify import tokens
from sciportal.jobs.states import State
from sciportal.jobs.store import engine, migrations
from sciportal.jobs.store.store import Store

SECRET = "0123456789abcdef" * 4
PATIENCE = 30


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Site:
    """A portal's settings and store.

    Args:
        root: of all that it has.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "secret").write_text(SECRET)
        (root / "secret").chmod(0o600)
        (self.port,) = free_ports(1)
        (root / "portal.toml").write_text(
            f'database = "sqlite:///{root}/portal.sqlite"\nstate_dir = "{root}"\n'
            f'secret_file = "{root}/secret"\naccounts = "{root}/accounts.toml"\n'
            f'listener_port = {self.port}\nbackends = ["127.0.0.1"]\nlease_seconds = 0.4\n'
            'lost_seconds = 0\nhelper = ["false"]\n'
        )
        database = engine.connect(f"sqlite:///{root}/portal.sqlite")
        migrations.migrate(database)
        self.store = Store(database)
        self._started: list[subprocess.Popen[str]] = []

    def hang(self, user: str) -> None:
        """Give somebody an account, and a helper that never answers."""
        account = f'[[account]]\nuser = "{user}"\naccount = "{user}"\nhome = "/home/{user}"\n'
        (self.root / "accounts.toml").write_text(account)
        place = self.root / "helper"
        place.mkdir()
        settings = (self.root / "portal.toml").read_text()
        hangs = f'"sh", "-c", "cd {place}; touch ../hangs; exec sleep 1000"'
        (self.root / "portal.toml").write_text(settings.replace('"false"', hangs))

    def start(self, verb: str) -> subprocess.Popen[str]:
        """Start a daemon."""
        words = [sys.executable, "-m", "sciportal.jobs.cli", "--settings", "portal.toml", verb]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(
            words, cwd=self.root, env=environment, stderr=subprocess.PIPE, text=True
        )
        self._started.append(process)
        return process

    def end(self, process: subprocess.Popen[str]) -> str:
        """End a daemon as its unit does; what it said."""
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=PATIENCE)[1]
        assert process.returncode == 0, said
        return said

    def announce(self, query: str) -> int:
        """What the listener answers."""
        address = f"http://127.0.0.1:{self.port}/notify?{query}"
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def listens(self) -> bool:
        """Whether the port is there."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def close(self) -> None:
        """Let go of everything."""
        for each in self._started:
            each.kill()
            each.communicate()
        for pid in processes_below(self.root / "helper"):
            os.kill(pid, signal.SIGKILL)
        self.store.engine.dispose()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A portal without jobs."""
    made = Site(tmp_path)
    yield made
    made.close()


def test_the_listener_hears_a_job_and_tells_the_status_file(site: Site) -> None:
    job = site.store.submit(new_job())
    site.store.apply(job.id, states.SENT)
    process = site.start("listen")
    wait_for(site.listens)
    token = tokens.make(SECRET.encode(), job.id, 1)
    query = f"token={token}&event=started"
    assert site.announce(query.replace(token, "x" * 43)) == 403
    assert site.announce(query) == 200
    assert site.announce(f"token={token}&event=finished&exit=0") == 200
    assert site.announce(query) == 410
    site.end(process)
    found = site.store.job(job.id)
    assert found is not None
    assert found.state is State.COMPLETE
    lines = next(site.root.glob("Descriptors/User/alice/job*/status")).read_text().splitlines()
    assert [line.split()[3] for line in lines] == ["submitted", "sent", "started", "finished"]


def test_the_keeper_is_one_and_counts_silence(site: Site) -> None:
    job = site.store.submit(new_job(backend="dispatch"))
    deleted = site.store.submit(new_job(backend="dispatch"))
    site.store.claim("far", "request", 1, 0.4)
    site.store.want_cancel(deleted.id, State.DELETE)
    process = site.start("keeper")

    def done() -> bool:
        found = site.store.job(job.id)
        return found is not None and found.attempt == 2 and not site.store.unpurged()

    wait_for(done)
    second = site.start("keeper")
    assert second.wait(PATIENCE) == 6
    said = site.end(process)
    assert f"job {job.id}: its worker was silent too long" in said


def test_the_keeper_forgets_old_keys(site: Site) -> None:
    days = 86_400
    earlier = Store(site.store.engine, lambda: time.time() - 31 * days)
    earlier.submit(new_job(backend="dispatch"), ("old", "digest"))
    later = Store(site.store.engine, lambda: time.time() - 29 * days)
    later.submit(new_job(backend="dispatch"), ("young", "digest"))
    process = site.start("keeper")
    wait_for(lambda: site.store.job_of("user alice", ("old", "digest")) is None)
    assert site.store.job_of("user alice", ("young", "digest"))
    site.end(process)


@pytest.mark.skipif(os.geteuid() != 0, reason="the account map is root's")
def test_ending_the_keeper_cuts_short_a_helper_that_hangs(site: Site) -> None:
    site.hang("alice")
    job = site.store.submit(new_job())
    process = site.start("keeper")
    wait_for((site.root / "hangs").exists)
    assert len(processes_below(site.root / "helper")) == 1
    site.end(process)
    wait_for(lambda: not processes_below(site.root / "helper"))
    # Perhaps it was handed over: the next keeper finds out.
    assert [each.id for each in site.store.unsent("slurm")] == [job.id]


def test_reconciling_with_no_job_asks_nobody(site: Site) -> None:
    assert site.start("reconcile").wait(PATIENCE) == 0

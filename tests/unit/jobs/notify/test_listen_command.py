"""`sciportal-jobs listen` as its unit runs it, and the notifier beside it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.ports import free_ports
from golden.render import TEMPLATES, Case
from jobs.samples import new_job
from sciportal.jobs import secret, states
from sciportal.jobs.notify import tokens
from sciportal.jobs.settings import Settings
from sciportal.jobs.states import State
from sciportal.jobs.status_file import StatusFiles
from sciportal.jobs.store import engine
from sciportal.jobs.store.store import Store


@pytest.fixture
def listening(
    settings: Settings, tmp_path: Path, sqlite_template: Path
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of a listener that runs, and its process."""
    shutil.copy(sqlite_template, settings.state_dir / "portal.sqlite")
    (port,) = free_ports(1)
    file = tmp_path / "portal.toml"
    file.write_text(
        f'database = "{settings.database}"\nstate_dir = "{settings.state_dir}"\n'
        f'secret_file = "{settings.secret_file}"\nbackends = ["127.0.0.0/8"]\n'
        f'listener_address = "127.0.0.1"\nlistener_port = {port}\n'
    )
    argv = [sys.executable, "-m", "sciportal.jobs.cli", "--settings", str(file), "listen"]
    process = subprocess.Popen(argv)
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}/notify", process
    finally:
        process.kill()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError


def test_a_job_announces_itself(
    settings: Settings, tmp_path: Path, listening: tuple[str, subprocess.Popen[bytes]]
) -> None:
    url, process = listening
    database = engine.connect(settings.database)
    store = Store(database)
    job = store.apply(store.submit(new_job()).id, states.SENT)
    notifier = tmp_path / "sciportal-notify"
    notifier.write_text(Case("jobs", "notifier", TEMPLATES / "jobs" / "notifier.j2", {}).text())
    token = tokens.make(secret.read(settings.secret_file), job.id, 1)
    variables = {"PATH": os.defpath, "SCIPORTAL_LISTENER": url, "SCIPORTAL_TOKEN": token}
    for words in (["started"], ["finished", "0"]):
        subprocess.run(["/bin/sh", str(notifier), *words], env=variables, check=True, timeout=60)
    after = store.job(job.id)
    assert after is not None
    assert after.state is State.COMPLETE
    said = StatusFiles(settings.state_dir).path(after).read_text()
    assert [line.split()[3] for line in said.splitlines()] == [
        "submitted",
        "sent",
        "started",
        "finished",
    ]
    database.dispose()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0

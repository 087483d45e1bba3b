"""A PostgreSQL server of the test session, on a Unix socket, and databases on it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

_PATIENCE = 60


class Server:
    """A server that runs.

    Args:
        socket: the directory with its socket.
        process: its first one.
    """

    def __init__(self, socket: Path, process: subprocess.Popen[bytes]) -> None:
        self.socket = socket
        self.process = process
        self._numbers = count(1)

    def url(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://tester@/{name}?host={self.socket}"

    def create(self, template: str = "template1") -> str:
        """The name of a new database."""
        name = f"portal{next(self._numbers)}"
        self.say(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return name

    def say(self, statement: str) -> None:
        """Have the server do something."""
        import psycopg

        address = self.url("postgres")
        with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement.encode())


@contextmanager
def server() -> Iterator[Server]:
    """A new server, which ends with the test session, however that ends."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("this machine has no PostgreSQL")
    binaries = programs[-1].parent
    root = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        data = root / "data"
        _own(root)
        options = ["--auth=trust", "--username=tester", "--no-sync", "--encoding=UTF8"]
        subprocess.run(
            _as_somebody([str(binaries / "initdb"), *options, "--no-locale", str(data)]),
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=root,
        )
        with _running(binaries, data, root) as process:
            yield Server(root, process)
    finally:
        shutil.rmtree(root)


@contextmanager
def _running(binaries: Path, data: Path, root: Path) -> Iterator[subprocess.Popen[bytes]]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(root),
        "fsync": "off",
        "max_connections": "200",
        "shared_buffers": "32MB",
    }
    words = [f"--{name}={value}" for name, value in settings.items()]
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(
            _as_somebody([str(binaries / "postgres"), "-D", str(data), *words]),
            stdout=log,
            stderr=log,
            cwd=root,
        )
        try:
            _wait(process, root)
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(_PATIENCE)


def _wait(process: subprocess.Popen[bytes], root: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not (root / ".s.PGSQL.5432").exists() or b"ready to accept" not in _log(root):
        assert process.poll() is None, _log(root)
        assert time.monotonic() < deadline, _log(root)
        time.sleep(0.02)


def _log(root: Path) -> bytes:
    return (root / "log").read_bytes()


def _own(root: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(root, *_somebody())
    root.chmod(0o755)


def _somebody() -> tuple[str, int]:
    """An account that is not root: the server refuses to be run by it."""
    known = {each.pw_name: each.pw_gid for each in pwd.getpwall()}
    name = "postgres" if "postgres" in known else "nobody"
    return name, known[name]


def _as_somebody(words: Sequence[str]) -> list[str]:
    # The signal comes when the thread ends that started it, with all of pytest.
    dying = ["setpriv", "--pdeathsig", "KILL"]
    if os.geteuid() != 0:
        return [*dying, *words]
    name, group = _somebody()
    return [*dying, "--reuid", name, "--regid", str(group), "--clear-groups", *words]

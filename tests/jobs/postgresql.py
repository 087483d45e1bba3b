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
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import pytest

_PATIENCE = 60


class Server:
    """A server on a Unix socket.

    Args:
        binaries: the directory of its programs.
        root: of all that it has, its socket among it.
    """

    def __init__(self, binaries: Path, root: Path) -> None:
        self.socket = root
        self._binaries = binaries
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        _own(root)
        options = ["--auth=trust", "--username=tester", "--no-sync", "--encoding=UTF8"]
        data = str(root / "data")
        subprocess.run(
            _as_somebody([str(binaries / "initdb"), *options, "--no-locale", data]),
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=root,
        )

    def start(self) -> None:
        """Have it answer, also where it was killed before."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "fsync": "off",
            "max_connections": "200",
            "shared_buffers": "32MB",
        }
        words = [str(self._binaries / "postgres"), "-D", str(self.socket / "data")]
        words += [f"--{name}={value}" for name, value in settings.items()]
        with (self.socket / "log").open("wb") as log:
            self._process = subprocess.Popen(
                _as_somebody(words), stdout=log, stderr=log, cwd=self.socket
            )
        self._wait()

    def stop(self) -> None:
        """End it, as its administrator would."""
        assert self._process
        self._process.send_signal(signal.SIGINT)
        self._process.wait(_PATIENCE)

    def kill(self) -> None:
        """Kill all of its processes at once."""
        assert self._process
        self._process.kill()
        self._process.wait(_PATIENCE)
        # Where a child of it is left, the next server refuses to start.
        deadline = time.monotonic() + _PATIENCE
        while left := self._left():
            assert time.monotonic() < deadline, left
            for each in left:
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            time.sleep(0.02)

    def _left(self) -> list[int]:
        """Its processes, all of which are in the directory of its data."""
        found = []
        for each in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (each / "cwd").readlink() == self.socket / "data":
                    found.append(int(each.name))
        return found

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

    def _wait(self) -> None:
        assert self._process
        deadline = time.monotonic() + _PATIENCE
        while b"ready to accept" not in _log(self.socket):
            assert self._process.poll() is None, _log(self.socket)
            assert time.monotonic() < deadline, _log(self.socket)
            time.sleep(0.02)


@contextmanager
def server() -> Iterator[Server]:
    """A new server, which ends with the test session, however that ends."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("this machine has no PostgreSQL")
    root = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        made = Server(programs[-1].parent, root)
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(root)


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

"""A network namespace for a cluster of the tests' own, and the wire that leads there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_FIREWALL = ("iptables", "--wait")
_HOLD = "echo ready; exec sleep infinity"


class Network(NamedTuple):
    """Where a cluster is, and by which address it reaches its tests.

    What is cut stays silent, as where a cable is unplugged: nothing is refused, and connections
    that are open hear nothing of it.
    """

    path: Path | None = None
    """Of its namespace; None for the machine's own."""
    here: str = "127.0.0.1"
    """Address of this machine, as the cluster sees it."""
    there: str = "127.0.0.1"
    """Address of the cluster."""

    @property
    def entrance(self) -> list[str]:
        """Options of nsenter(1)."""
        return [f"--net={self.path}"] if self.path else []

    def cut(self, port: int = 0) -> None:
        """Let nothing through.

        Args:
            port: of this machine, if only what goes there is to be cut.
        """
        what = ["--protocol", "tcp", "--destination-port", str(port)] if port else []
        self._filter("--append", "OUTPUT", "--destination", self.here, *what, "-j", "DROP")
        if not port:
            self._filter("--append", "INPUT", "--source", self.here, "-j", "DROP")

    def mend(self) -> None:
        """Let everything through again."""
        self._filter("--flush")

    def _filter(self, *words: str) -> None:
        assert self.path, "the machine's own network is not to be cut"
        _run("nsenter", *self.entrance, *_FIREWALL, *words)


HOST = Network()


@contextmanager
def made() -> Iterator[Network]:
    """A new one, which is there for a while, and no longer than the tests."""
    holder = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--net", "sh", "-c", _HOLD],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout
        assert holder.stdout.readline() == b"ready\n"
        yield _wired(holder.pid)
    finally:
        # Without a process in it, the namespace ends, and takes the wire along.
        holder.kill()
        holder.wait()


def _wired(number: int) -> Network:
    """The namespace of a process, with a wire that leads there."""
    # Of the private addresses of RFC 1918, four for each process.
    first = (number % 16384) * 4
    here, there = (f"10.213.{each // 256}.{each % 256}" for each in (first + 1, first + 2))
    made = Network(Path(f"/proc/{number}/ns/net"), here, there)
    near, far = f"near{number}", f"far{number}"
    inside = ["nsenter", *made.entrance, "ip"]
    _run("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", str(number))
    _run("ip", "address", "add", f"{here}/30", "dev", near)
    _run("ip", "link", "set", near, "up")
    _run(*inside, "address", "add", f"{there}/30", "dev", far)
    _run(*inside, "link", "set", far, "up")
    _run(*inside, "link", "set", "lo", "up")
    return made


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)

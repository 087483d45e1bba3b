"""A Slurm of the tests' own on this machine: real daemons in namespaces, with accounts of its own.

Mount and process namespaces are private, so the accounts exist only in there, and the end of their
first process ends every daemon and job. The network is the machine's.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from batch import people, slurm_conf
from batch.network import HOST, Network
from batch.people import PEOPLE
from batch.ports import free_ports
from batch.slurm_conf import NODES

SOURCE = Path(__file__).resolve().parents[2] / "src" / "sciportal"
PYTHON = "/usr/bin/python3"
PATIENCE = 60.0
_NEEDED = ("slurmctld", "slurmd", "munged", "sbatch", "unshare", "nsenter")
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


def missing() -> str:
    """Why there can be no such Slurm here; empty if there can."""
    if os.geteuid() != 0:
        return "namespaces with accounts of their own take root"
    lacks = [each for each in _NEEDED if shutil.which(each, path=_PATH) is None]
    return f"not installed: {', '.join(lacks)}" if lacks else ""


class OwnSlurm:
    """One cluster: slurmctld, two slurmd and munged, below one directory.

    Args:
        root: the directory, which everybody can enter.
        network: where it is.
    """

    def __init__(self, root: Path, network: Network = HOST) -> None:
        self.root = root
        self.conf = root / "slurm.conf"
        # Beside the homes, since jobs may read all of it.
        self.prefix = root / "opt"
        self.library = self.prefix / "library"
        self.accounts = root / "etc" / "portal-accounts.toml"
        self.network = network
        self._first: subprocess.Popen[str] | None = None
        self._ports = free_ports(1 + len(NODES))

    # The cluster

    def start(self) -> None:
        """Bring it up, and wait until its nodes are idle."""
        for each in ("etc", "home", "log", "run", "state", "opt/bin", *NODES):
            (self.root / each).mkdir(parents=True)
        shutil.copytree(SOURCE, self.library / "sciportal", ignore=_without_compiled)
        for person in PEOPLE:
            home = self.home(person.name)
            home.mkdir(mode=0o700)
            os.chown(home, person.uid, person.uid)
        self._write()
        self._launchers()
        enter = (
            'set -e; for each in passwd group; do mount --bind "$1/etc/$each" "/etc/$each"; done'
        )
        # nsenter(1) of Debian 13 refuses to enter nothing.
        entrance = self.network.entrance
        network = ["nsenter", *entrance] if entrance else []
        self._first = subprocess.Popen(
            [
                # Also where the tests are killed.
                *("setpriv", "--pdeathsig", "KILL", "--"),
                *network,
                *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
                *("sh", "-c", f"{enter}; echo ready; exec sleep infinity", "sh", str(self.root)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._first.stdout
        assert self._first.stdout.readline() == "ready\n"
        self._enter = _entrance(self._first.pid)
        self.munged()
        self.slurmctld()
        for node in NODES:
            self.slurmd(node)
        wait_for(lambda: self.text("sinfo", "-h", "-o", "%t %D") == f"idle {len(NODES)}\n")

    def stop(self) -> None:
        """End every process of it."""
        if self._first:
            os.killpg(self._first.pid, signal.SIGKILL)
            self._first.wait(PATIENCE)
            # The first process inside takes all others along; its parent waits for none of them.
            wait_for(lambda: not Path(f"/proc/{self._inner()}").exists())

    def munged(self) -> None:
        """Start munged."""
        places = {each: self.root / "run" / f"munge.{each}" for each in ("socket", "pid", "seed")}
        options = [f"--{name}-file={places[name]}" for name in ("pid", "seed")]
        log = self.root / "log" / "munge.log"
        key = self.root / "etc" / "munge.key"
        words = [f"--key-file={key}", f"--log-file={log}", f"--socket={places['socket']}"]
        self.check("munged", "--force", *words, *options)

    def slurmctld(self) -> None:
        """Start slurmctld."""
        self.check("slurmctld", "-f", str(self.conf))

    def slurmd(self, node: str) -> None:
        """Start a node's slurmd."""
        self.check("slurmd", "-f", str(self.conf), "-N", node)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a daemon of this cluster, and see it dead if that kills it.

        Args:
            name: `slurmctld`, or a node for its slurmd.
            number: the signal.
        """
        pid = (self.root / "run" / f"{name}.pid").read_text().strip()
        self.check("kill", f"-{number}", pid)
        if number == signal.SIGKILL:
            # Nobody in there waits for it, so it stays as a zombie; with an `l`, threads live on.
            wait_for(lambda: _is_dead(self.text("ps", "-o", "stat=", "-p", pid)))

    # What is run in it

    def words(
        self, argv: Sequence[str], user: str = "", *, is_beyond_wire: bool = False
    ) -> list[str]:
        """The call that runs a program inside.

        Args:
            argv: the program and its arguments.
            user: whose process it is; root's where there is none.
            is_beyond_wire: whether its network is that of this machine, not the cluster's.
        """
        inside = ["env", "-i", *(f"{key}={value}" for key, value in self.environment(user).items())]
        if user:
            who = people.person(user)
            ids = (f"--reuid={who.uid}", f"--regid={who.uid}", "--clear-groups")
            inside = ["setpriv", *ids, *inside]
        network = [] if is_beyond_wire else self.network.entrance
        return [*self._enter, *network, *inside, *argv]

    def environment(self, user: str = "") -> dict[str, str]:
        """The environment of what is run inside."""
        return {
            "PATH": f"{self.prefix}/bin:{_PATH}",
            "PYTHONPATH": str(self.library),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SLURM_CONF": str(self.conf),
            "LANG": "C.UTF-8",
            "HOME": str(self.home(user)) if user else "/root",
        }

    def run(
        self, *argv: str, user: str = "", stdin: str = "", timeout: float = PATIENCE
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside and wait for it."""
        return subprocess.run(
            self.words(argv, user),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd="/",
            check=False,
        )

    def check(self, *argv: str, user: str = "") -> str:
        """Run a program inside that must not fail; what it printed."""
        ended = self.run(*argv, user=user)
        assert ended.returncode == 0, ended
        return ended.stdout

    def text(self, *argv: str) -> str:
        """What a program inside printed, whether it failed or not."""
        return self.run(*argv).stdout

    def home(self, user: str) -> Path:
        """The home of an account."""
        return self.root / "home" / user

    def queue(self) -> list[str]:
        """What is in the queue: name, user and state, a job a line."""
        return self.check("squeue", "-h", "-t", "all", "-o", "%j %u %T").splitlines()

    def started_again(self) -> set[int]:
        """Numbers that slurmctld started more than one job of, or one job twice."""
        counted = Counter(self._logged(r"(?:Allocate|Started) JobId=(\d+) "))
        return {number for number, times in counted.items() if times > 1}

    def requeued(self) -> set[int]:
        """Numbers of jobs whose nodes slurmctld took for dead."""
        return set(self._logged(r"requeue job JobId=(\d+) due to failure of node"))

    def _logged(self, pattern: str) -> list[int]:
        log = (self.root / "log" / "slurmctld.log").read_text()
        return [int(number) for number in re.findall(pattern, log)]

    def set_accounts(self, text: str) -> None:
        """Write the account map that `sciportal-submit` reads in there.

        Args:
            text: TOML, beside that which names this Slurm.
        """
        self.accounts.write_text(f'[slurm]\nconf = "{self.conf}"\n{text}')

    def _launchers(self) -> None:
        scripts = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())["project"]
        for name, place in scripts["scripts"].items():
            module, _, function = place.partition(":")
            given = f'path="{self.accounts}"' if name == "sciportal-submit" else ""
            text = f"""#!{PYTHON} -IB
import sys
sys.path.insert(0, "{self.library}")
from {module} import {function}
sys.exit({function}({given}))
"""
            (self.prefix / "bin" / name).write_text(text)
            (self.prefix / "bin" / name).chmod(0o755)
        self.set_accounts("")

    def _inner(self) -> str:
        return self._enter[self._enter.index("--target") + 1]

    def _write(self) -> None:
        etc = self.root / "etc"
        people.write(etc, self.home)
        (etc / "munge.key").write_bytes(os.urandom(128))
        (etc / "munge.key").chmod(0o400)
        self.conf.write_text(slurm_conf.text(self.root, self.network.there, self._ports))


def _entrance(outer: int) -> list[str]:
    inner = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()[0]
    return ["nsenter", "--target", inner, "--mount", "--pid"]


def _is_dead(state: str) -> bool:
    """Whether nothing lives of a process that ps(1) has in this state."""
    return state[:1] in ("", "Z") and "l" not in state


def _without_compiled(_directory: str, names: list[str]) -> list[str]:
    return [each for each in names if each == "__pycache__"]


def wait_for(is_so: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Wait until something is so, and fail if it does not come to be."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)


@contextmanager
def made(network: Network = HOST) -> Iterator[OwnSlurm]:
    """A cluster that is there for a while.

    Args:
        network: where it is.
    """
    root = Path(tempfile.mkdtemp(prefix="own-slurm-", dir="/tmp"))
    root.chmod(0o755)
    cluster = OwnSlurm(root, network)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def own_slurm() -> Iterator[OwnSlurm]:
    """A real Slurm with accounts of its own; one for each process of tests."""
    if missing():
        pytest.skip(f"no Slurm of its own: {missing()}")
    with made() as cluster:
        yield cluster

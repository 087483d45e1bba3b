"""The container with Slurm in it that `tools/model create` made."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
NAME = os.environ.get("MODEL_HOST", "sciportal-model")
# Slurm's MessageTimeout there, see hosts.yml.
MESSAGE_SECONDS = 3
_TURN, _SLURMCTLD = "turn", "slurmctld"

# squeue(1): what is over; every other state is a job that is there.
_OVER = {"BOOT_FAIL", "CANCELLED", "COMPLETED", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "TIMEOUT"}


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def call(action: str, names: Sequence[str]) -> list[str]:
    """The words of a call of the command."""
    return ["sbatch-service", action, *(["--yes"] if action == "purge" else []), *names]


class Host:
    """The host, as one account uses it and as root disturbs it.

    Args:
        user: the account.
    """

    def __init__(self, user: str) -> None:
        self.user = user
        driver = Path(__file__).with_name("driver.py").read_text()
        self._process = subprocess.Popen(
            [ROOT / "tools" / "podman", "exec", "-i", NAME, "python3", "-I", "-c", driver],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """End the driver."""
        self._ask("empty", user=self.user)
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)

    def _ask(self, do: str, **arguments: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    # As the account

    def run(self, *argv: str, **how: Any) -> Ended:
        """Run one command as the account; `how` is as the driver has it."""
        return self.run_all([{"argv": argv, **how}])[0]

    def run_all(self, calls: Sequence[dict[str, Any]]) -> list[Ended]:
        """Run commands at the same time."""
        found = self._ask("run", calls=[{"user": self.user, **call} for call in calls])
        return [Ended(**each) for each in found]

    def tree(self) -> dict[str, str]:
        """All that is in the home, see the driver."""
        found: dict[str, str] = self._ask("tree", user=self.user)
        return found

    def write(self, files: dict[str, str]) -> None:
        """Write files of the account."""
        self._ask("write", user=self.user, files=files)

    def jobs(self) -> dict[str, list[str]]:
        """The states of the account's jobs that are not over, by service."""
        found: dict[str, list[str]] = {}
        said = self.run("squeue", "-h", "-a", "-t", "all", "-u", self.user, "-o", "%j %T")
        assert said.code == 0, said
        for line in said.out.splitlines():
            name, state = line.split()
            if state not in _OVER:
                found.setdefault(name.removesuffix("-service"), []).append(state)
        return found

    def wipe(self) -> None:
        """Leave neither a job nor a file of the account."""
        self.run("scancel", "-u", self.user)
        wait_for(lambda: not self.jobs(), 60)
        self._ask("empty", user=self.user)

    # As root

    def slurmctld(self, verb: str, delay: float = 0) -> dict[str, Any]:
        """The call that starts, stops or restarts slurmctld."""
        return {"argv": ["systemctl", verb, "slurmctld"], "user": "root", "delay": delay}

    def wait_for_slurmctld(self) -> None:
        """Wait until it answers; its nodes may still have to come back."""
        wait_for(lambda: self.run("squeue", "-h").code == 0, 60)


def wait_for(what: Callable[[], bool], seconds: float) -> None:
    """Wait until `what()` is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.05)


@contextmanager
def undisturbed() -> Iterator[None]:
    """While this is held, slurmctld is left alone; other workers may do the same."""
    with _locked(_TURN, fcntl.LOCK_EX):
        mine = _locked(_SLURMCTLD, fcntl.LOCK_SH)
        mine.__enter__()
    try:
        yield
    finally:
        mine.__exit__(None, None, None)


@contextmanager
def disturbing() -> Iterator[None]:
    """While this is held, no other worker does anything."""
    # Who waits for it holds the turn, or those that share would never let it in.
    with _locked(_TURN, fcntl.LOCK_EX), _locked(_SLURMCTLD, fcntl.LOCK_EX):
        yield


@contextmanager
def _locked(name: str, how: int) -> Iterator[None]:
    with (ROOT / ".cache" / f"model.{name}").open("a") as file:
        fcntl.flock(file, how)
        yield

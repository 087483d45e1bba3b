"""The running cluster, as the benchmarks use it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cluster.testbed import CTL, NODES, Cluster

USER = "bob"
HOME = f"/home/{USER}"
PARTITION = "service-pool"
# Submitted, but never begun: what is measured is the way into the queue.
HELD = 'port = "none"\nsbatch = ["--hold"]\n'
HELD_WITH_PORT = 'sbatch = ["--hold"]\n'
SLEEPER = '#!/bin/sh\n[ "$1" != main ] || exec sleep 1000\n'
SERVER = '#!/bin/sh\n[ "$1" = main ] || exit 0\nexec python3 -m http.server "$PORT"\n'
# scancel takes one name at a time.
_CANCEL = f"squeue -h -u {USER} -o '%j %A' | sed -n 's/^bench.* //p' | xargs -r scancel"
CANCEL = ("sh", "-c", _CANCEL)

_HERE = Path(__file__).parent
# On every host, for what is run there.
FOLDER = "/tmp/bench"
_PROGRAMS = ("stopwatch.py", "crowd.py", "hub.py", "node.py")

# Seconds, and those of processor in them where that is known.
Times = dict[str, list[tuple[float, float]]]


class Place:
    """The login host with our programs on it, and an account whose services are ours.

    Args:
        cluster: where.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        for host in (CTL, *NODES):
            cluster.run(host, ["mkdir", "-p", FOLDER])
            for name in _PROGRAMS:
                text = (_HERE / name).read_text()
                cluster.run(host, ["sh", "-c", f"cat >{FOLDER}/{name}"], stdin=text)
        if cluster.run(CTL, ["sh", "-c", "command -v strace"], check=False).code:
            argv = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", "strace"]
            cluster.run(CTL, argv)

    def root(self, *argv: str, check: bool = True) -> str:
        """What a command of root on the login host prints."""
        return self.cluster.run(CTL, argv, check=check, timeout=600).out

    def account(self, *argv: str, stdin: str | None = None, check: bool = True) -> str:
        """What a command of the account on the login host prints."""
        return self.cluster.run(CTL, argv, user=USER, stdin=stdin, check=check, timeout=600).out

    def program(self, name: str, *words: str, host: str = CTL, user: str | None = None) -> str:
        """What one of our programs prints."""
        argv = ["python3", f"{FOLDER}/{name}", *words]
        return self.cluster.run(host, argv, user=user, timeout=600).out

    def race(
        self, sides: Mapping[str, Mapping[str, Any]], rounds: int, user: str | None = USER
    ) -> Times:
        """The times of each side, round by round; see `stopwatch`."""
        order = json.dumps({"sides": sides, "rounds": rounds})
        argv = ["python3", f"{FOLDER}/stopwatch.py"]
        ended = self.cluster.run(CTL, argv, user=user, stdin=order, timeout=900)
        times: Times = json.loads(ended.out)
        return times

    def squeues(self, argv: Sequence[str], user: str | None = USER) -> int:
        """How often a command runs squeue, by strace(1)."""
        trace = f"{FOLDER}/trace"
        self.root("sh", "-c", f"umask 0; mkdir -p {FOLDER}; rm -f {trace}; : >{trace}")
        traced = ["strace", "-f", "-qq", "-e", "trace=execve", "-o", trace, *argv]
        self.cluster.run(CTL, traced, user=user, check=False, timeout=600)
        found = self.root("grep", "-c", 'execve.*"squeue".* = 0$', trace, check=False)
        return int(found)

    def services(self, names: Sequence[str], script: str, settings: str) -> None:
        """Set services of the account up."""
        make = """
        mkdir -p .sbatch-service
        for name in "$@"; do
            printf %s "$SCRIPT" >.sbatch-service/$name && chmod 755 .sbatch-service/$name
            printf %s "$SETTINGS" >.sbatch-service/$name.toml
        done
        exec sbatch-service init "$@"
        """
        environment = [f"SCRIPT={script}", f"SETTINGS={settings}"]
        self.account("env", *environment, "sh", "-c", make, "sh", *names)

    def cancel(self) -> None:
        """Cancel all jobs of ours."""
        self.account(*CANCEL)

    def clear(self) -> None:
        """Leave no service, job or account of ours."""
        self.cancel()
        listed = self.account("sh", "-c", "ls .sbatch-service", check=False).split()
        mine = [each for each in listed if each.startswith("bench") and "." not in each]
        if mine:
            self.account("sbatch-service", "purge", "--yes", "--no-archive", *mine)
        self.program("crowd.py", "remove")

    def remove(self) -> None:
        """Leave nothing of ours at all."""
        self.clear()
        for host in (CTL, *NODES):
            self.cluster.run(host, ["rm", "-rf", FOLDER])

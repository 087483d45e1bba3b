"""What a service costs while it runs, and how soon it is back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from bench.figures import Figure, compared
from bench.place import PARTITION, SERVER, USER, Place, Times
from cluster.testbed import wait_for

ROUNDS = 5
# The listener of a comparison by hand; above what services are given.
_FREE_PORT = 32999
_NAME = "benchjob"
_BARE = "benchbare-service"


class Memory(NamedTuple):
    """What a process holds, in KiB."""

    rss: int
    pss: int


class Job(NamedTuple):
    """What was seen of a running job."""

    runner: Memory
    batch_script: Memory
    """Of a job without a runner, whose shell waits for the program."""
    revival: Figure


def measure(place: Place) -> Job:
    """All figures of a job."""
    place.services([_NAME], SERVER, 'restart = "on-failure"\n')
    times: Times = {"ours": [], "theirs": []}
    for _ in range(ROUNDS):
        # Each kill doubles the pause before the next start, so each round has a new job.
        place.account("sbatch-service", "restart", "--wait", _NAME)
        port, node = _where(place)
        times["ours"].append(_read(place, node, "revive", str(port)))
        times["theirs"].append(_read(place, node, "begin", str(_FREE_PORT)))
    runner = _memory(place, node, "sciportal.service.runner")
    return Job(
        runner,
        _bare(place),
        compared(
            "`kill -9` of the main process until it serves again",
            "the same program begun by hand",
            times,
            note="the first restart waits 1 s",
        ),
    )


def _where(place: Place) -> tuple[int, str]:
    said = json.loads(place.account("sbatch-service", "status", "--json", _NAME))
    found = said["results"][0]
    return found["endpoint"]["port"], found["node"]


def _bare(place: Place) -> Memory:
    script = "#!/bin/bash\nsleep 1000\n"
    options = ["-p", PARTITION, "-J", _BARE, "-o", "/dev/null", "--mem=64M"]
    place.account("sbatch", *options, stdin=script)
    running = ["squeue", "-h", "-u", USER, "-n", _BARE, "-t", "R", "-o", "%B"]
    try:
        node = wait_for(lambda: place.account(*running).strip(), 30)
        return _memory(place, node, "slurm_script")
    finally:
        place.account("scancel", "-u", USER, "-n", _BARE)


def _memory(place: Place, node: str, word: str) -> Memory:
    found: Mapping[str, int] = json.loads(
        place.program("node.py", "memory", word, host=node, user=USER)
    )
    return Memory(**found)


def _read(place: Place, node: str, *words: str) -> tuple[float, float]:
    value: float = json.loads(place.program("node.py", *words, host=node, user=USER))
    return value, 0

"""What operators do: the services of all accounts, by the command and by Ansible."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.crowd import SERVICES
from bench.figures import Figure, compared
from bench.place import Place, Times
from cluster.plays import Played, play
from cluster.testbed import CTL

STATUS_ACCOUNTS = 500
STATUS_ROUNDS = 7
STATUS_SECONDS = 2
TASK_ACCOUNTS = 100
TASK_ROUNDS = 5
_MODULE = "sciportal.hosting.sbatch_service"


def measure(place: Place) -> list[Figure]:
    """All figures of many accounts."""
    return [_status(place), _task(place)]


def _status(place: Place) -> Figure:
    argv = ["sbatch-service", "status", "--all-accounts", "--json"]
    place.program("crowd.py", "make", str(STATUS_ACCOUNTS))
    try:
        results = json.loads(place.root(*argv, check=False))["results"]
        found = [each for each in results if each["account"].startswith("bench")]
        if len(found) != 2 * STATUS_ACCOUNTS:
            raise AssertionError(f"status showed {len(found)} services of {2 * STATUS_ACCOUNTS}")
        # Most of them do not run, which is no failure of the question.
        sides: dict[str, dict[str, Any]] = {
            "ours": {"argv": argv, "accepted": [1, 3]},
            "theirs": {"argv": ["squeue"]},
        }
        times = place.race(sides, STATUS_ROUNDS, user=None)
        calls = place.squeues(argv, user=None)
    finally:
        place.program("crowd.py", "remove")
    if calls != 1:
        raise AssertionError(f"{calls} calls of squeue, and one is enough")
    return compared(
        f"`status --all-accounts`, {STATUS_ACCOUNTS} accounts with {len(found)} services",
        "one `squeue`",
        times,
        f"below {STATUS_SECONDS} s",
        note="1 squeue",
    )


def _task(place: Place) -> Figure:
    """The same new services set up by one task, and by one call of the command."""
    services = [
        {"name": service, "account": f"bench{number}"}
        for number in range(TASK_ACCOUNTS)
        for service in SERVICES
    ]
    tasks = [{"name": "Set up", _MODULE: {"services": services, "state": "present"}}]
    argv = ["sbatch-service", "init", "--all-accounts", *SERVICES]
    times: Times = {"ours": [], "theirs": []}
    place.program("crowd.py", "bare", str(TASK_ACCOUNTS))
    try:
        with tempfile.TemporaryDirectory() as folder:
            playbook = Path(folder) / "play.yml"
            playbook.write_text(json.dumps([{"hosts": CTL, "gather_facts": False, "tasks": tasks}]))
            for _ in range(TASK_ROUNDS):
                place.program("crowd.py", "forget")
                times["theirs"].append(_seconds(lambda: place.root(*argv)))
                place.program("crowd.py", "forget")
                times["ours"].append(_seconds(lambda: _changed(playbook, 1)))
                _changed(playbook, 0)
    finally:
        place.program("crowd.py", "remove")
    return compared(
        f"one task of the module, {len(services)} services of {TASK_ACCOUNTS} accounts",
        "`init --all-accounts`",
        times,
        "3",
        6,
        note="second run: 0 changed",
    )


def _changed(playbook: Path, wanted: int) -> Played:
    played = play(playbook, {}).ok()
    if played.changed != wanted:
        raise AssertionError(f"{played.changed} changed, not {wanted}: {played.text[-2000:]}")
    return played


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """The seconds that it takes; its processor is partly in the containers."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun, 0

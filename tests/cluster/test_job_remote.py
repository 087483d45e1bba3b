"""A cluster that nobody can reach fetches jobs; scenario `jobs` of molecule makes it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cluster.jobs import Client
from cluster.test_job_portal import example
from cluster.testbed import CTL, Cluster

pytestmark = [pytest.mark.jobs, pytest.mark.usefixtures("remote")]


def test_a_job_runs_there_and_its_files_come_back(alice: Client, remote: str) -> None:
    commands = "id -un; hostname; cat given.txt >made.txt"
    files = {"given.txt": "from here\n"}
    number = alice.shell(commands, files=files, backend="dispatch")
    job = alice.wait(number)
    assert (job["status"], job["worker"]) == ("COMPLETE", "remote"), job
    assert alice.file(number, "made.txt") == "from here\n"
    log = json.dumps(alice.get(f"/jobs/{number}/log.json?from=0"))
    assert remote in log
    assert "sciportal-worker" in log


def test_a_job_there_is_cancelled(alice: Client, cluster: Cluster, remote: str) -> None:
    number = alice.shell("sleep 600", backend="dispatch")
    alice.wait(number, "ACTIVE")
    alice.ask("POST", f"/jobs/{number}/cancel", {})
    alice.wait(number, "CANCEL")
    listed = cluster.run(remote, ["squeue", "-h", "-o", "%j"]).out
    assert f"-{number}-" not in listed


def test_nobody_reaches_it(cluster: Cluster, remote: str) -> None:
    argv = ["timeout", "3", "bash", "-c", f"exec 3<>/dev/tcp/{remote}/6817"]
    assert cluster.run(CTL, argv, check=False).code != 0
    assert cluster.run(remote, ["sinfo", "-h"]).out


@pytest.mark.parametrize("application", ["bumps", "refl1d"])
def test_a_fit_there_has_its_plots(alice: Client, application: str, science: Path) -> None:
    parameters = {"samples": 1000, "burn": 20, "seed": 1}
    fields = {"parameters": parameters, "files": example(application), "backend": "dispatch"}
    number = alice.submit(application, **fields)
    job = alice.wait(number, seconds=240)
    log = alice.get(f"/jobs/{number}/log.json?from=0")
    assert (job["status"], job["worker"]) == ("COMPLETE", "remote"), (job, log)
    index = json.dumps(alice.get(f"/jobs/{number}/data/index.json"))
    assert re.findall(r"[A-Za-z0-9_./-]+\.png", index), index

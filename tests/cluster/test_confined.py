"""A hostile job of Slurm beside another one of the same account, on the same node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.testbed import CTL, NODES, Cluster, wait_for
from confined import judge

NODE = NODES[0]
COMMAND = "/opt/sciportal/bin/sciportal-confine"
PYTHON = "/usr/bin/python3"
HOME = "/home/carol"
ROOT = f"{HOME}/confined"
TRAPS = """\
import os, signal, sys, time
def ends(number, _frame):
    os.write(1, b"got %d\\n" % number)
    sys.exit(3)
signal.signal(signal.SIGUSR1, ends)
os.write(1, b"waits\\n")
time.sleep(100)
"""


class Jobs:
    """Jobs of carol, who has no services: a directory each."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.submitted: list[str] = []

    def submit(self, name: str, *words: str, options: tuple[str, ...] = ()) -> str:
        """Submit a program, confined, as a job of that name; its id."""
        directory = f"{ROOT}/jobs/{name}"
        self.cluster.run(CTL, ["mkdir", "-p", directory], user="carol")
        call = [COMMAND, "--directory", directory, "--read", f"{ROOT}/tools", *options, "--"]
        quoted = " ".join(f"'{each}'" for each in (*call, *words))
        argv = ["sbatch", "--parsable", "-p", "general", "-w", NODE, "--mem=32M"]
        output = ["-o", f"{ROOT}/{name}.out", "-e", f"{ROOT}/{name}.err"]
        script = f"#!/bin/sh\nexec {quoted}\n"
        job = self.cluster.run(CTL, [*argv, *output], user="carol", stdin=script).out.strip()
        self.submitted.append(job)
        return job

    def said(self, name: str) -> str:
        """What a job wrote so far."""
        return self.cluster.run(CTL, ["cat", f"{ROOT}/{name}.out"], user="carol", check=False).out

    def complaint(self, name: str) -> str:
        """What it wrote to standard error."""
        return self.cluster.run(CTL, ["cat", f"{ROOT}/{name}.err"], user="carol", check=False).out

    def has_ended(self, job: str) -> bool:
        """Whether Slurm is done with it."""
        return not self.cluster.run(CTL, ["squeue", "-h", "-j", job], check=False).out.strip()

    def ended(self, job: str, name: str) -> str:
        """Wait for the end of a job; what it wrote."""
        wait_for(lambda: self.has_ended(job), 60)
        return self.said(name)

    def write(self, path: str, text: str) -> None:
        """Write a file of hers."""
        self.cluster.write("carol", f"confined/{path}", text)


@pytest.fixture(scope="module")
def jobs(cluster: Cluster) -> Iterator[Jobs]:
    """Her jobs, which are gone afterwards."""
    made = Jobs(cluster)
    cluster.run(CTL, ["rm", "-rf", ROOT])
    for each in ("attacker.py", "sibling.py"):
        text = (Path(judge.__file__).parent / each).read_text()
        made.write(f"tools/{each}", text)
    made.write("tools/traps.py", TRAPS)
    yield made
    cluster.run(CTL, ["scancel", "-u", "carol", *made.submitted], check=False)
    for job in made.submitted:
        wait_for(lambda job=job: made.has_ended(job), 60)
    cluster.run(CTL, ["rm", "-rf", ROOT])


@pytest.fixture(scope="module")
def reach(jobs: Jobs) -> Any:
    """A job that runs unconfined, and how it could be reached."""
    directory = f"{ROOT}/jobs/sibling"
    program = (PYTHON, f"{ROOT}/tools/sibling.py", directory)
    jobs.submit("sibling", *program, options=("--layer", "none"))
    ready = ["cat", f"{directory}/ready"]
    text = wait_for(lambda: jobs.cluster.run(CTL, ready, user="carol", check=False).out, 60)
    return {**json.loads(text), "directory": directory}


def attack(jobs: Jobs, name: str, reach: Any, *options: str) -> Any:
    """What a hostile job reports."""
    program = (PYTHON, f"{ROOT}/tools/attacker.py", json.dumps(reach))
    job = jobs.submit(name, *program, options=options)
    return json.loads(jobs.ended(job, name))


def test_a_hostile_job_gets_nothing_of_its_sibling(
    jobs: Jobs, reach: Any, cluster: Cluster
) -> None:
    probe = cluster.run(NODE, [COMMAND, "--probe", "--json"], user="carol", check=False).json()
    assert probe["layer"], probe
    possible = judge.done(attack(jobs, "open", reach, "--layer", "none")["tried"])
    # The first attack has removed and renamed some.
    for each in ("removed", "renamed"):
        jobs.write(f"jobs/sibling/{each}", "what is nobody else's")
    report = attack(jobs, "hostile", reach)
    assert f"layer {probe['layer']}" in jobs.complaint("hostile")
    abi = probe["landlock"]["abi"]
    promised = judge.leaves_open(probe["layer"], abi, network=False)
    assert judge.done(report["tried"]) == promised & possible, report["tried"]
    assert possible >= {"read", "append", "list", "hard link", "signal", "socket"}
    assert report["own"]["no_new_privileges"]


def test_slurms_signals_and_numbers_arrive_at_the_program(jobs: Jobs, cluster: Cluster) -> None:
    job = jobs.submit("traps", PYTHON, f"{ROOT}/tools/traps.py")
    wait_for(lambda: "waits" in jobs.said("traps"), 60)
    cluster.run(CTL, ["scancel", "--batch", "--signal=USR1", job], user="carol")
    assert "got 10" in jobs.ended(job, "traps")
    words = (PYTHON, "-c", 'import os; print(os.environ["SLURM_JOB_ID"], os.getcwd())')
    job = jobs.submit("numbers", *words)
    assert jobs.ended(job, "numbers").split() == [job, f"{ROOT}/jobs/numbers"]

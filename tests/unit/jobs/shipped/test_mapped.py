"""A mapped job on a real Slurm with two nodes: in order, with failed points and killed tasks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batch.own_slurm import OwnSlurm, wait_for
from jobs.submitted import Submitted
from sciportal.jobs.descriptors import document, render
from sciportal.jobs.descriptors.document import Descriptor
from sciportal.jobs.queue.backend import Attempt, Phase

FUNCTION = b"""
import math, os, time

def R(x):
    while x == 430 and os.path.exists("hold"):
        time.sleep(0.05)
    if x == 617:
        raise ValueError("no layer of this thickness")
    if x == 618 and not os.path.exists("again"):
        open("again", "w").close()
        os.kill(os.getpid(), 9)
    return [math.sin(x), x / 7]
"""
DESCRIPTION = """
name: points
title: Points of a file
parameters:
  points: {type: integer, minimum: 1}
files:
  - name: function.py
  - name: points.json
  - {name: hold, required: false}
map:
  points: {parameter: points}
  chunk: 50
script: |
  echo "$SLURM_JOB_NODELIST" > "node.$SCIPORTAL_MAP_TASK"
  exec "$SCIPORTAL_MAP" --function function.py --points points.json
outputs: ["node.*", results.json, results.npy, failures.json]
"""
POINTS = list(range(1000))


@pytest.fixture(scope="module")
def application() -> Descriptor:
    described = document.parse(DESCRIPTION, "points")
    render.check(described)
    return described


@pytest.fixture
def cluster(own_slurm: OwnSlurm) -> Iterator[OwnSlurm]:
    yield own_slurm
    own_slurm.run("scancel", "-u", "alice")


def serial() -> list[list[float] | None]:
    space: dict[str, Any] = {}
    exec(FUNCTION, space)  # noqa: S102  # the same text as the tasks run
    return [None if x == 617 else [space["math"].sin(x), x / 7] for x in POINTS]


def files(**more: bytes) -> dict[str, bytes]:
    return {"function.py": FUNCTION, "points.json": json.dumps(POINTS).encode(), **more}


def test_a_thousand_points_over_two_nodes_are_in_order_whatever_fails_and_is_killed(
    cluster: OwnSlurm, application: Descriptor, tmp_path: Path
) -> None:
    job = Submitted(cluster, tmp_path, application, {"points": 1000}, files(hold=b""))
    queued = ("squeue", "-h", "-r", "-o", "%j %F_%K %T", "-n", f"{name(job)}-tasks")
    killed = ""

    def is_alone() -> bool:
        nonlocal killed
        lines = cluster.check(*queued).split("\n")
        left = [line.split() for line in lines if line]
        killed = left[0][1] if left else ""
        return len(left) == 1 and left[0][2] == "RUNNING"

    # All tasks have ended but that of the point that waits, which others overtook.
    wait_for(is_alone, 120)
    assert killed.endswith("_8")
    assert job.backend.look([job.order])[Attempt.of(job.order)].phase is Phase.RUNNING  # type: ignore[union-attr]
    cluster.check("scancel", killed)
    wait_for(lambda: not cluster.check(*queued))
    (job.directory / "work" / "hold").unlink()
    sight = job.wait(120)
    assert (sight.phase, sight.exit_code) == (Phase.ENDED, 1), job.text("stderr")
    assert job.json("results.json") == serial()
    (failure,) = job.json("failures.json")["failed"]
    assert (failure["index"], failure["attempts"]) == (617, 2)
    assert failure["error"] == "ValueError: no layer of this thickness"
    log = job.text("stderr")
    assert "task 8 ended before" in log
    assert "point 617 (617) failed 2 times: ValueError" in log
    nodes = {job.text(f"node.{task}").strip() for task in range(20)}
    assert nodes == {"n1", "n2"}
    assert job.collected.usage["user_seconds"] > 0.5


def test_a_cancelled_one_ends_with_all_its_tasks(
    cluster: OwnSlurm, application: Descriptor, tmp_path: Path
) -> None:
    job = Submitted(cluster, tmp_path, application, {"points": 1000}, files(hold=b""))
    wait_for(lambda: (job.directory / "work" / "node.8").exists())
    job.backend.cancel(Attempt.of(job.order))
    names = f"{name(job)},{name(job)}-tasks"
    states = ("squeue", "-h", "-o", "%T", "-t", "PENDING,RUNNING,COMPLETING", "-n", names)
    wait_for(lambda: not cluster.check(*states))
    time.sleep(0.5)
    assert not (job.directory / "work" / "results.json").exists()


def name(job: Submitted) -> str:
    """Of the job in Slurm."""
    return f"sciportal-{job.order.job}-1"

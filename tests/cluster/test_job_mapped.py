"""A function is evaluated for a thousand points by tasks on both nodes, as by one process."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.jobs import Client
from cluster.testbed import NODES, Cluster
from jobs import serial
from sciportal.jobs.shipped import examples

pytestmark = [pytest.mark.jobs, pytest.mark.more]

# A task goes on when both nodes have one: ten of 2 GB each are more than a node of 16 GB has room
# for. A thickness of 99 fails each time, that of 700 kills its process once.
FUNCTION = """
import os
import pathlib
import time

import film

here = pathlib.Path()
(here / f"on.{os.uname().nodename}").touch()
while len(list(here.glob("on.*"))) < 2:
    time.sleep(0.1)
if os.environ.get("SCIPORTAL_MAP_TASK") == "gather":
    print(*sorted(each.name for each in here.glob("on.*")), flush=True)


def R(thickness):
    if thickness == 99:
        raise ValueError("no film of this thickness")
    if thickness == 700 and not os.path.exists("again"):
        open("again", "w").close()
        os.kill(os.getpid(), 9)
    return film.R(thickness)
"""
RANGE = {"start": 1, "stop": 1000, "points": 1000}
FAILED, RETRIED = 98, 699
BEST = 122
"""The point at the thickness with which the data were made, in angstrom."""


def test_a_thousand_points_over_two_nodes_are_as_those_of_one_process(
    alice: Client, cluster: Cluster, science: Path
) -> None:
    example = {name: data.decode() for name, data in examples.of("scan").items()}
    film = {"film.py": example["function.py"], "film.dat": example["film.dat"]}
    files = {**film, "function.py": FUNCTION}
    number = alice.submit("scan", parameters={**RANGE, "chunk": 100}, files=files)
    try:
        wanted = one_by_one(cluster, film)
        job = alice.wait(number, seconds=240)
    finally:
        # One that waits for a node would do so for an hour.
        alice.ask("POST", f"/jobs/{number}/cancel", {})
    said = alice.get(f"/jobs/{number}/log.json?from=0")
    assert (job["status"], job["exit_code"]) == ("ERROR", 1), (job, said)
    found = alice.get(f"/jobs/{number}/data/results.json")
    assert found[FAILED] is None
    assert found[RETRIED] == wanted[RETRIED]
    wanted[FAILED] = None
    assert found == wanted
    assert min(range(1000), key=lambda place: found[place] or float("inf")) == BEST
    failure = {"index": FAILED, "point": "99.0", "attempts": 2}
    failure["error"] = "ValueError: no film of this thickness"
    assert job["points_failed"] == {"points": 1000, "number": 1, "failed": [failure]}
    assert " ".join(f"on.{node}" for node in NODES) in alice.file(number, "stdout"), said
    page = alice.ask("GET", f"/jobs/{number}.html", None, "Accept: text/html")
    assert "1 of 1000 points failed." in page.text
    assert "ValueError: no film of this thickness" in page.text


def one_by_one(cluster: Cluster, files: dict[str, str]) -> list[float | None]:
    """The results of all points by one process on a node."""
    cluster.lay("alice", "one-by-one", files)
    argv = serial.call("one-by-one", "film", *RANGE.values())
    try:
        ended = cluster.run(NODES[0], argv, user="alice", timeout=900)
    finally:
        cluster.run(NODES[0], ["rm", "-r", "one-by-one"], user="alice")
    found: list[float | None] = ended.json()
    return found

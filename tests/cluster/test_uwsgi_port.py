"""The modules uwsgi_port and uwsgi_port_info on the login host."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.plays import run_tasks
from cluster.squat import Squatter
from cluster.testbed import CTL, SLEEPER, Cluster

pytestmark = pytest.mark.uwsgi

MODULE = "sciportal.hosting.uwsgi_port"
INFO = "sciportal.hosting.uwsgi_port_info"
FILE = ".app0-service/ports.ini"
# uid % 8192 + 8192 of bob, uid 2002.
FIRST = 10194
HELD, LISTENED = 9301, 9302
TOGETHER = 20


def task(register: str, **options: Any) -> dict[str, Any]:
    words = {"account": "bob", "service": "app0", **options}
    return {"name": register, MODULE: words, "register": register, "diff": True}


def failing(register: str, **options: Any) -> dict[str, Any]:
    return {**task(register, **options), "ignore_errors": True}


@pytest.fixture(scope="module")
def told(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The answers of one play, by what was asked; alice holds a port, and listens on another."""
    cluster.write("alice", ".sbatch-service/holder", SLEEPER, "755")
    cluster.write("alice", ".sbatch-service/holder.toml", f"port = {HELD}\n")
    cluster.service("alice", "start", "holder")
    tasks = [
        {**task("foretold"), "check_mode": True},
        task("run"),
        task("again"),
        failing("held", port=HELD),
        failing("listened", port=LISTENED),
        failing("outside", port=80),
        failing("full", port_min=HELD, port_max=LISTENED),
        {"name": "info", INFO: {"account": "bob"}, "register": "info"},
        {**task("leaving", state="absent"), "check_mode": True},
        task("gone", state="absent"),
        task("gone_again", state="absent"),
    ]
    with Squatter(cluster, CTL, LISTENED, user="alice"):
        yield run_tasks(tasks, tmp_path_factory.mktemp("ports"))
    cluster.service("alice", "purge", "--yes", "--no-archive", "holder")


def test_a_port_is_foretold_given_and_kept(told: dict[str, Any]) -> None:
    for name, changed in (("foretold", True), ("run", True), ("again", False)):
        assert (told[name]["port"], told[name]["changed"]) == (FIRST, changed), name
    for name in ("foretold", "run"):
        (shown,) = told[name]["diff"]
        assert (shown["before"], shown["after"]) == ("port: null\n", f"port: {FIRST}\n")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("held", "(holder-service of alice) has it"),
        ("listened", f"alice (uid 2001) listens on port {LISTENED}"),
        ("outside", "use 8192 to 32767"),
        ("full", f"all from {HELD} to {LISTENED} are taken"),
    ],
)
def test_what_is_not_to_be_had_fails_with_who_has_it(
    told: dict[str, Any], name: str, says: str
) -> None:
    assert told[name]["failed"]
    assert (told[name]["reason"], told[name]["exit_code"]) == ("failed", 1)
    assert says in told[name]["msg"]


def test_the_ports_are_told(told: dict[str, Any]) -> None:
    mine = {"account": "bob", "service": "app0", "port": FIRST}
    assert mine in told["info"]["ports"]
    assert not told["info"]["changed"]


def test_a_port_is_given_back_once(told: dict[str, Any]) -> None:
    assert [told[name]["changed"] for name in ("leaving", "gone", "gone_again")] == [
        True,
        True,
        False,
    ]
    assert told["gone"]["port"] is None


def test_twenty_processes_at_once_get_twenty_ports(cluster: Cluster) -> None:
    call = ["sbatch-service", "port", "--json", "--account", "bob"]
    running = []
    for number in range(TOGETHER):
        process = subprocess.Popen(
            [*cluster.prefix(CTL, None), *call],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append((process, {"state": "present", "service": f"app{number}"}))
    try:
        # Each waits for its input, so that all are there when the first begins.
        for process, document in running:
            assert process.stdin
            process.stdin.write(json.dumps(document))
            process.stdin.close()
        answers = [json.loads(process.stdout.read()) for process, _ in running if process.stdout]
        ports = [answer["results"][0]["port"] for answer in answers]
        assert [process.wait(60) for process, _ in running] == [0] * TOGETHER
        assert len(set(ports)) == TOGETHER
        assert set(ports) <= set(range(FIRST, FIRST + TOGETHER + 20))
    finally:
        files = [f".app{number}-service" for number in range(TOGETHER)]
        cluster.run(CTL, ["rm", "-r", *files], user="bob")


def test_an_account_does_the_same_without_root(cluster: Cluster) -> None:
    document = json.dumps({"state": "present", "service": "app0"})
    argv = ["port", "--json"]
    (found,) = cluster.service("bob", *argv, stdin=document).json()["results"]
    assert found["port"] == FIRST
    assert f"socket = :{FIRST}\n" in cluster.run(CTL, ["cat", FILE], user="bob").out
    cluster.run(CTL, ["rm", "-r", ".app0-service"], user="bob")
    done = cluster.service("bob", *argv, "--account", "alice", check=False, stdin=document)
    assert done.code == 1
    assert "only root" in done.err

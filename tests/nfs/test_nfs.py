"""Services of accounts whose homes lie on an NFS server with root_squash; run as root there."""

from __future__ import annotations

import json
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

SLEEPER = '#!/bin/sh\n[ "$1" != main ] || { echo began; exec sleep 1000; }\n'
PEOPLE = ("alice", "bob")
# The machine's processor is emulated.
PATIENCE = 60


def run(
    argv: Sequence[str], user: str | None = None, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run something as a person who has logged in, or as root."""
    words = ["runuser", "-l", user, "-c", 'exec "$0" "$@"', "--", *argv] if user else list(argv)
    return subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)


def done(argv: Sequence[str], user: str | None = None, stdin: str | None = None) -> str:
    """What it printed, if it went well."""
    ended = run(argv, user, stdin)
    assert ended.returncode == 0, (argv, ended)
    return ended.stdout


def wait_for(what: Callable[[], bool]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.5)


def jobs(user: str, service: str) -> list[str]:
    """The states of the jobs of a service that are not over."""
    return done(["squeue", "-h", "-u", user, "-n", f"{service}-service", "-o", "%T"]).split()


@pytest.fixture(scope="session", autouse=True)
def homes() -> Iterator[None]:
    """/home comes from the server, and Slurm is ready."""
    done(["mount", "-t", "nfs4", "localhost:/", "/home"])
    idle = ["sinfo", "-h", "-N", "-p", "service-pool", "-o", "%t"]
    wait_for(lambda: run(idle).stdout.split() == ["idle", "idle"])
    for user in PEOPLE:
        done(["chmod", "700", f"/home/{user}"], user)
    yield
    done(["umount", "/home"])


@pytest.fixture
def service(request: pytest.FixtureRequest) -> Iterator[str]:
    """A service of both people, which is gone afterwards."""
    name = f"t{zlib.crc32(request.node.name.encode()):x}"
    for user in PEOPLE:
        write = 'mkdir -p .sbatch-service && cat >"$0" && chmod 755 "$0"'
        done(["sh", "-c", write, f".sbatch-service/{name}"], user, SLEEPER)
        settings(user, name, 'port = "none"\n')
    yield name
    for user in PEOPLE:
        run(["sbatch-service", "purge", "--yes", "--no-archive", name], user)


def settings(user: str, service: str, text: str) -> None:
    """Write the settings of a service."""
    done(["sh", "-c", 'cat >"$0.toml"', f".sbatch-service/{service}"], user, text)


def status(user: str, service: str) -> Any:
    """What the command says of it."""
    return json.loads(run(["sbatch-service", "status", "--json", service], user).stdout)["results"][
        0
    ]


def test_the_homes_are_the_servers_and_closed_to_root() -> None:
    assert done(["findmnt", "-n", "-o", "FSTYPE", "/home"]).strip() == "nfs4"
    assert "Permission denied" in run(["ls", "/home/alice"]).stderr
    done(["ls", "/home/alice"], "alice")


def test_an_owner_takes_a_service_through_its_life(service: str) -> None:
    for action in (["deploy", "--wait"], ["status"], ["restart", "--wait"], ["logs"], ["stop"]):
        done(["sbatch-service", *action, service], "alice")
        assert len(jobs("alice", service)) == (0 if action == ["stop"] else 1), action
    assert "began" in done(["sbatch-service", "logs", service], "alice")
    done(["sbatch-service", "purge", "--yes", service], "alice")
    assert done(["ls", ".sbatch-service-purged"], "alice").strip()


def test_root_acts_as_an_account(service: str) -> None:
    for action in (["deploy", "--wait"], ["status"], ["restart"], ["logs"], ["stop"]):
        done(["sbatch-service", *action, "--account", "alice", service])
    done(["sbatch-service", "rotate", "--account", "alice"])
    done(["sbatch-service", "purge", "--yes", "--account", "alice", service])
    assert run(["ls", f".sbatch-service/{service}"], "alice").returncode != 0


def test_root_acts_for_every_account(service: str) -> None:
    for action in (["init"], ["start", "--wait"], ["status"], ["stop"]):
        ended = run(["sbatch-service", *action, "--all-accounts", "--json", service])
        found = {each["account"]: each for each in json.loads(ended.stdout)["results"]}
        for user in PEOPLE:
            assert found[user]["exit_code"] == 0, (action, found[user])
    done(["sbatch-service", "rotate", "--all-accounts"])


def test_root_brings_an_account_to_a_wanted_state(service: str) -> None:
    wanted = {
        "account": "bob",
        "service": service,
        "state": "deployed",
        "script": SLEEPER,
        "settings": {"port": "none"},
    }
    document = json.dumps({"schema": 1, "services": [wanted]})
    for changed in (True, False):
        (answer,) = json.loads(done(["sbatch-service", "apply", "--json"], stdin=document))[
            "results"
        ]
        assert answer["changed"] is changed
    assert len(jobs("bob", service)) == 1


def test_of_many_calls_at_once_one_submits(service: str) -> None:
    done(["sbatch-service", "init", service], "alice")
    with ThreadPoolExecutor(8) as pool:
        start = ["sbatch-service", "start", service]
        ended = list(pool.map(lambda _: run(start, "alice").returncode, range(8)))
    assert ended == [0] * 8
    assert len(jobs("alice", service)) == 1


def test_a_server_that_comes_back_finds_everything_as_it_was(service: str) -> None:
    done(["sbatch-service", "start", "--wait", service], "alice")
    before = status("alice", service)
    done(["systemctl", "restart", "nfs-server"])
    after = status("alice", service)
    assert (after["state"], after["job_id"]) == ("running", before["job_id"])
    done(["sbatch-service", "restart", "--wait", service], "alice")
    assert len(jobs("alice", service)) == 1


def test_a_service_that_dies_is_restarted(service: str) -> None:
    settings("alice", service, 'port = "none"\nrestart = "always"\n')
    done(["sbatch-service", "start", "--wait", service], "alice")
    wait_for(lambda: run(["pkill", "-u", "alice", "-x", "sleep"]).returncode == 0)
    wait_for(lambda: status("alice", service)["restarts"] == 1)
    wait_for(lambda: bool(status("alice", service)["phase"] == "running"))
    assert "started again" in done(["sbatch-service", "logs", service], "alice")

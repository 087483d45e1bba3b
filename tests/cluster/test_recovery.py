"""Services come back: after a crash, and after the loss of a node."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from cluster.testbed import CTL, HELLO, NODES, PODMAN, Cluster, Service, wait_for

SITE = "/etc/sciportal/service.toml"


@pytest.fixture
def page(service: Service) -> str:
    """The address of a service that serves and is to be restarted on failure."""
    service.script(HELLO)
    service.settings('access = "public"\nrestart = "on-failure"\n')
    service("start", "--wait")
    url = f"/~alice:{service.name}/"
    wait_for(lambda: service.cluster.get(url).status == 200, 10)
    return url


def main_process(service: Service) -> tuple[str, str]:
    """The node and the number of the main process."""
    status = service.status()
    pattern = f"http.server {status['endpoint']['port']}"
    found = service.cluster.run(status["node"], ["pgrep", "-f", pattern]).out.split()
    assert len(found) == 1
    return status["node"], found[0]


def test_a_main_process_that_was_killed_serves_again_within_5_seconds(
    service: Service, page: str
) -> None:
    job = service.status()["job_id"]
    node, pid = main_process(service)
    service.cluster.run(node, ["kill", "-9", pid])
    wait_for(lambda: service.cluster.get(page).status != 200, 5, every=0.02)
    wait_for(lambda: service.cluster.get(page).status == 200, 5)
    status = service.status()
    assert (status["job_id"], status["restarts"], status["last_exit"]) == (job, 1, -9)
    assert "was killed by SIGKILL (restarted once)" in status["message"]


def test_a_stop_is_the_end_of_a_service_that_is_always_restarted(
    service: Service, page: str
) -> None:
    service.script(HELLO.replace('[ "$1" = main ]', '[ "$1" = stop ] && echo INT\n[ "$1" = main ]'))
    service.settings('access = "public"\nrestart = "always"\n')
    service("restart", "--wait")
    begun = time.monotonic()
    service("stop")
    assert time.monotonic() - begun < 10
    assert service.status()["state"] == "stopped"
    assert service.log().count("started again") == 0


@pytest.fixture
def impatient(cluster: Cluster) -> Iterator[None]:
    """The site gives a service up after three restarts, a second after each other."""
    patience = (
        r"s/^restart_limit = .*/restart_limit = 3/; s/^restart_delay_max.*/restart_delay_max = 1/"
    )
    for node in NODES:
        cluster.run(node, ["cp", SITE, SITE + ".kept"])
        cluster.run(node, ["sed", "-i", patience, SITE])
    yield
    for node in NODES:
        cluster.run(node, ["mv", SITE + ".kept", SITE])


def test_a_service_that_fails_again_and_again_is_given_up(
    service: Service, impatient: None
) -> None:
    service.script("#!/bin/sh\n[ $1 = main ] || exit 0\necho cannot find my data; exit 7\n")
    service.settings('restart = "always"\n')
    service("start")
    wait_for(lambda: service.status()["state"] == "stopped", 20)
    ended = service("status", check=False)
    assert ended.code == 3
    assert "ended with exit status 7" in ended.err
    assert "given up (restarted 3 times)" in ended.err
    assert "cannot find my data" in ended.err
    assert service.log().count("cannot find my data") == 4


def test_while_it_waits_for_its_restart_a_service_does_not_count_as_running(
    service: Service,
) -> None:
    service.script("#!/bin/sh\n[ $1 = main ] || exit 0\nexit 7\n")
    service.settings('restart = "on-failure"\n')
    service("start")
    wait_for(lambda: service.status()["restarts"] >= 2, 20)
    ended = wait_for(lambda: (e := service("status", check=False)).code and e, 10)
    assert ended.code == 3
    assert "restarting" in ended.out
    assert "it starts again in" in ended.err
    service("stop")
    assert service.status()["state"] == "stopped"


@pytest.fixture
def quick_to_miss(cluster: Cluster) -> Iterator[int]:
    """slurmctld misses a node after so many seconds."""
    seconds = 30
    conf = "/etc/slurm/slurm.conf"
    cluster.run(CTL, ["sed", "-i.kept", f"s/^SlurmdTimeout=.*/SlurmdTimeout={seconds}/", conf])
    cluster.run(CTL, ["scontrol", "reconfigure"])
    yield seconds
    cluster.run(CTL, ["mv", conf + ".kept", conf])
    cluster.run(CTL, ["scontrol", "reconfigure"])
    idle = ["sinfo", "-h", "-p", "service-pool", "-N", "-o", "%T"]
    up = ("idle", "mixed")
    wait_for(lambda: all(each in up for each in cluster.run(CTL, idle).out.split()), 120)


@pytest.mark.long
def test_a_service_whose_node_died_serves_again_on_the_other(
    service: Service, page: str, quick_to_miss: int
) -> None:
    before = service.status()
    lost = before["node"]
    subprocess.run([PODMAN, "pause", lost], check=True, capture_output=True)
    begun = time.monotonic()
    try:
        after = wait_for(
            lambda: (s := service.status())["state"] == "running" and s["node"] != lost and s,
            quick_to_miss * 3,
        )
        wait_for(lambda: service.cluster.get(page).status == 200, 10)
        took = time.monotonic() - begun
    finally:
        subprocess.run([PODMAN, "unpause", lost], check=True, capture_output=True)
    print(f"on the other node after {took:.1f} s")
    assert after["job_id"] == before["job_id"]
    # Pings that get no answer take up to 20 s each (twice MessageTimeout), and two may do so.
    assert took <= quick_to_miss + 45

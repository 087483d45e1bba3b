"""When Slurm does not answer, nothing is concluded from it and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster.testbed import CTL, HELLO, SLEEPER, Cluster, Service, wait_for

pytestmark = pytest.mark.alone


@pytest.fixture
def slurmctld(cluster: Cluster) -> Iterator[Cluster]:
    """Whatever a test does to slurmctld, it answers again afterwards."""
    yield cluster
    cluster.run(CTL, ["sh", "-c", "pkill -CONT -x slurmctld; systemctl start slurmctld"])
    wait_for(lambda: "UP" in cluster.run(CTL, ["scontrol", "ping"], check=False).out, 60)


ACTIONS = ("start", "stop", "restart", "reload", "init", "deploy")


@pytest.fixture
def idle(cluster: Cluster) -> Iterator[dict[str, Service]]:
    """A service for each action, since calls for one service wait for each other."""
    services = {action: Service(cluster, f"silent-{action}") for action in ACTIONS}
    for each in services.values():
        each.script(SLEEPER)
    yield services
    for each in services.values():
        each("purge", "--yes", "--no-archive")


def test_with_slurmctld_stopped_nothing_is_changed_and_all_works_afterwards(
    service: Service, idle: dict[str, Service], slurmctld: Cluster
) -> None:
    service.script(HELLO)
    service.settings('access = "public"\n')
    service("start", "--wait")
    url = f"/~alice:{service.name}/"
    wait_for(lambda: slurmctld.get(url).status == 200, 5)
    slurmctld.run(CTL, ["systemctl", "stop", "slurmctld"])

    # Each call waits for its answer in vain, so all are made at once.
    with ThreadPoolExecutor() as pool:
        status = pool.submit(service, "status", "--json", check=False)
        calls = {action: pool.submit(each, action, check=False) for action, each in idle.items()}
        ended = {action: call.result() for action, call in calls.items()}
    assert status.result().code == 4
    assert status.result().json()["results"][0]["state"] == "unknown"
    for action, each in ended.items():
        assert each.code == 4, (action, each)
        assert "nothing was changed" in each.err
    assert slurmctld.get(url).status == 200

    slurmctld.run(CTL, ["systemctl", "start", "slurmctld"])
    wait_for(lambda: service.status()["state"] == "running", 60)
    service("restart", "--wait")
    wait_for(lambda: slurmctld.get(url).status == 200, 5)


def test_a_submission_without_an_answer_is_not_made_twice(
    service: Service, slurmctld: Cluster
) -> None:
    # Stage start pauses slurmctld just before the submission, so that sbatch gets no answer.
    service.script(
        "#!/bin/sh\n[ $1 = main ] && exec sleep 1000\n"
        "[ $1 = start ] || exit 0\n"
        "touch paused-please; while [ -e paused-please ]; do sleep 0.1; done\n"
    )
    argv = ["sbatch-service", "start", service.name]
    call = slurmctld.start(CTL, argv, user="alice")
    flag = "/home/alice/paused-please"
    wait_for(lambda: slurmctld.run(CTL, ["test", "-e", flag], check=False).code == 0, 20)
    slurmctld.run(CTL, ["pkill", "-STOP", "-x", "slurmctld"])
    slurmctld.run(CTL, ["rm", flag])
    _, said = call.communicate(timeout=120)
    assert call.returncode == 4, said
    slurmctld.run(CTL, ["pkill", "-CONT", "-x", "slurmctld"])
    wait_for(lambda: service.status()["state"] in ("running", "pending"), 30)
    service.script(SLEEPER)
    service("start")
    assert len(slurmctld.jobs("alice", service.name, "all")) == 1

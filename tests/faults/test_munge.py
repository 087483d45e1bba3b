"""munge, by which Slurm knows who asks, is down."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster.testbed import CTL, NODES, SLEEPER, Cluster, Service, wait_for
from faults.judge import is_explained, is_true, stays


@pytest.fixture
def munge(slurmctld: Cluster) -> Iterator[Cluster]:
    """munge is there again on all hosts, whatever a test does to it."""
    yield slurmctld
    for host in (CTL, *NODES):
        slurmctld.run(host, ["systemctl", "start", "munge"])


def test_without_munge_on_the_login_host_nothing_is_changed(
    service: Service, page: str, munge: Cluster
) -> None:
    job = service.status()["job_id"]
    other = Service(munge, f"{service.name}x", service.user)
    other.script(SLEEPER)
    munge.run(CTL, ["systemctl", "stop", "munge"])
    for ended in (service("stop", check=False), other("start", check=False)):
        is_explained(ended, 4, "its state is unknown")
    assert service("status", check=False).code == 4
    stays(munge, page)

    munge.run(CTL, ["systemctl", "start", "munge"])
    wait_for(lambda: service.status()["state"] == "running", 20)
    assert service.status()["job_id"] == job
    other("start")
    assert len(munge.jobs(other.user, other.name, "all")) == 1
    other("purge", "--yes", "--no-archive")
    service("stop")
    is_true(service)


def test_without_munge_for_the_submission_it_was_not_made(service: Service, munge: Cluster) -> None:
    # Stage start waits until munge is down; it is root's to stop.
    flag = f"/home/{service.user}/no-munge"
    munge.run(CTL, ["rm", "-f", flag])
    service.script(
        "#!/bin/sh\n[ $1 = main ] && exec sleep 1000\n"
        '[ $1 = start ] || exit 0\ntouch "$HOME/asked"\n'
        'while [ ! -e "$HOME/no-munge" ]; do sleep 0.1; done\n'
    )
    asked = f"/home/{service.user}/asked"
    munge.run(CTL, ["rm", "-f", asked])
    call = munge.start(CTL, ["sbatch-service", "start", service.name], user=service.user)
    wait_for(lambda: munge.run(CTL, ["test", "-e", asked], check=False).code == 0, 10)
    munge.run(CTL, ["systemctl", "stop", "munge"])
    munge.run(CTL, ["touch", flag])
    _, said = call.communicate(timeout=60)
    assert call.returncode == 4, said
    assert "nothing was submitted" in said
    munge.run(CTL, ["systemctl", "start", "munge"])
    wait_for(lambda: service("start", check=False).code == 0, 20, every=1)
    assert len(munge.jobs(service.user, service.name, "all")) == 1
    munge.run(CTL, ["rm", flag, asked])


def test_without_munge_on_its_node_a_service_serves_and_is_restarted(
    service: Service, page: str, munge: Cluster
) -> None:
    status = service.status()
    munge.run(status["node"], ["systemctl", "stop", "munge"])
    stays(munge, page)
    pattern = f"http.server {status['endpoint']['port']}"
    munge.run(status["node"], ["pkill", "-9", "-f", pattern])
    wait_for(lambda: service.status()["restarts"] == 1, 10)
    wait_for(lambda: munge.get(page).status == 200, 10)
    munge.run(status["node"], ["systemctl", "start", "munge"])
    service("stop")
    is_true(service)

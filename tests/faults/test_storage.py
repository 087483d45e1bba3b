"""The home is full, or its quota is used up: before a command, and while a service runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster.testbed import CTL, HELLO, Cluster, Service, wait_for
from faults.judge import is_explained, is_true, stays
from faults.storage import TightHome, missing

# What its visitors make it write would end on the full disk, and it with that.
QUIET = HELLO.replace('"$PORT"', '"$PORT" 2>/dev/null')
SAID = {"quota": "Disk quota exceeded", "disk": "No space left on device"}


@pytest.fixture(params=["quota", "disk"])
def kind(request: pytest.FixtureRequest) -> str:
    """What is used up."""
    found: str = request.param
    if package := missing(found):
        pytest.skip(f"the Debian package {package} is not here")
    return found


@pytest.fixture
def tight(cluster: Cluster, kind: str) -> Iterator[TightHome]:
    """A home that can be filled."""
    made = TightHome(cluster, kind, f"tight{kind}", 2101 if kind == "quota" else 2102)
    yield made
    made.free()
    service = Service(cluster, "web", made.user)
    service("purge", "--yes", "--no-archive", check=False)
    cluster.run(CTL, ["scancel", "-u", made.user])
    wait_for(lambda: not cluster.jobs(made.user, "web"), 20)
    made.remove()


def test_nothing_is_submitted_and_nothing_half_written(tight: TightHome, kind: str) -> None:
    service = Service(tight.cluster, "web", tight.user)
    service.script(QUIET)
    service.settings('access = "public"\n')
    before = len(tight.cluster.jobs(tight.user, "web", "all"))
    tight.fill()
    for action in ("init", "deploy", "start"):
        is_explained(service(action, check=False), 1, SAID[kind])
    assert service("status", check=False).code == 3
    assert len(tight.cluster.jobs(tight.user, "web", "all")) == before
    left = ["find", f"{tight.path}/.sbatch-service", "-name", "*.tmp"]
    assert tight.cluster.run(CTL, left, user=tight.user).out == ""

    tight.free()
    service("deploy", "--wait")
    wait_for(lambda: tight.cluster.get(f"/~{tight.user}:web/").status == 200, 10)
    assert len(tight.cluster.jobs(tight.user, "web", "all")) == before + 1


def test_a_service_serves_on_is_restarted_and_can_be_stopped(tight: TightHome, kind: str) -> None:
    service = Service(tight.cluster, "web", tight.user)
    address = f"/~{tight.user}:web/"
    service.script(QUIET)
    service.settings('access = "public"\nrestart = "on-failure"\nstop_timeout = 5\n')
    service("deploy", "--wait")
    wait_for(lambda: tight.cluster.get(address).status == 200, 10)
    status = service.status()
    tight.fill()
    stays(tight.cluster, address)
    pattern = f"http.server {status['endpoint']['port']}"
    tight.cluster.run(status["node"], ["pkill", "-9", "-f", pattern])
    wait_for(lambda: tight.cluster.get(address).status != 200, 5, every=0.02)
    wait_for(lambda: tight.cluster.get(address).status == 200, 10)
    after = service.status()
    assert (after["job_id"], after["state"]) == (status["job_id"], "running")
    ended = service("restart", check=False)
    # What could not be started again is not stopped either.
    is_explained(ended, 1, SAID[kind])
    assert service.status()["job_id"] == status["job_id"]
    stays(tight.cluster, address)
    service("stop")
    assert tight.cluster.jobs(tight.user, "web") == []

    tight.free()
    service("start", "--wait")
    wait_for(lambda: tight.cluster.get(address).status == 200, 10)
    is_true(service)

"""Fixtures of the faults, beside those of the tests on the running cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster.conftest import cluster, service
from cluster.testbed import CTL, HELLO, Cluster, Service, wait_for

__all__ = ["cluster", "service"]

SITE = "/etc/sciportal/service.toml"


@pytest.fixture
def page(service: Service) -> str:
    """The address of the service, which serves and is restarted on failure."""
    service.script(HELLO)
    service.settings('access = "public"\nrestart = "on-failure"\nstop_timeout = 5\n')
    service("start", "--wait")
    address = f"/~{service.user}:{service.name}/"
    wait_for(lambda: service.cluster.get(address).status == 200, 10)
    return address


@pytest.fixture
def slurmctld(cluster: Cluster) -> Iterator[Cluster]:
    """Whatever a test does to slurmctld or munge, they answer again afterwards."""
    yield cluster
    mend = "systemctl start munge; pkill -CONT -x slurmctld; systemctl start slurmctld"
    cluster.run(CTL, ["sh", "-c", mend])
    wait_for(lambda: "UP" in cluster.run(CTL, ["scontrol", "ping"], check=False).out, 60)

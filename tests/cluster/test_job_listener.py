"""The listener hears the back ends, and nobody else."""

from __future__ import annotations

import pytest

from cluster.testbed import CTL, NODES, WEB, Cluster

pytestmark = pytest.mark.jobs

PORT = 8098


def heard(cluster: Cluster, host: str, query: str) -> str:
    """The status of an announcement from a host, or 000."""
    argv = ["curl", "-s", "-o", "/dev/null", "-m", "5", "-w", "%{http_code}"]
    return cluster.run(host, [*argv, f"http://{WEB}:{PORT}/notify?{query}"], check=False).out


def test_only_back_ends_are_heard(cluster: Cluster) -> None:
    for node in NODES:
        assert heard(cluster, node, "token=x&event=started") in ("400", "403", "404")
    # Refused by the kernel, not by the program.
    assert heard(cluster, CTL, "token=x&event=started") == "000"


def test_the_rules_are_there_before_the_listener(cluster: Cluster) -> None:
    cluster.run(WEB, ["nft", "delete", "table", "inet", "sciportal_listener"])
    cluster.run(WEB, ["systemctl", "restart", "sciportal-listener.service"])
    assert "reject" in cluster.run(WEB, ["nft", "list", "table", "inet", "sciportal_listener"]).out
    assert heard(cluster, CTL, "token=x&event=started") == "000"


@pytest.mark.parametrize("name", ["sciportal-notify", "notifier"])
def test_nodes_have_the_notifier_by_both_names(cluster: Cluster, name: str) -> None:
    found = cluster.run(NODES[0], [name, "started"], user="alice", check=False)
    assert found.code == 0
    assert "SCIPORTAL_LISTENER" in found.err

"""Many services at once."""

from __future__ import annotations

import pytest

from cluster.testbed import CTL, HELLO, NODES, Cluster

pytestmark = pytest.mark.alone


def test_10_services_of_two_accounts_run_at_once_on_the_two_nodes(cluster: Cluster) -> None:
    names = [f"many{number}" for number in range(5)]
    try:
        for user in ("alice", "bob"):
            for name in names:
                cluster.write(user, f".sbatch-service/{name}", HELLO, "755")
                cluster.write(user, f".sbatch-service/{name}.toml", 'access = "public"\n')
            cluster.service(user, "start", "--wait", *names)
        results = [
            each
            for user in ("alice", "bob")
            for each in cluster.service(user, "status", "--json", *names).json()["results"]
        ]
        assert [each["state"] for each in results] == ["running"] * 10
        assert {each["node"] for each in results} == set(NODES)
        ports = [(each["node"], each["endpoint"]["port"]) for each in results]
        assert len(set(ports)) == 10
    finally:
        for user in ("alice", "bob"):
            cluster.service(user, "purge", "--yes", "--no-archive", *names)
    argv = ["squeue", "-h", "-o", "%j"]
    assert "many" not in cluster.run(CTL, argv).out

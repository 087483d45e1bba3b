"""The site's settings on the nodes are broken: that ends no service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster.testbed import NODES, Cluster, Service, wait_for
from faults.conftest import SITE
from faults.judge import is_true, stays

BROKEN = {
    "no-toml": "= 3\n",
    "unknown-key": "partitoin = 'x'\n",
    "wrong-value": "restart_limit = 'often'\n",
    "no-commands": "slurm_bin = '/nowhere'\n",
    "binary": "\x00\x7f\x1b\n",
}


@pytest.fixture
def nodes(cluster: Cluster) -> Iterator[Cluster]:
    """Afterwards the settings are as they were."""
    for node in NODES:
        cluster.run(node, ["cp", "-p", SITE, SITE + ".kept"])
    yield cluster
    for node in NODES:
        cluster.run(node, ["sh", "-c", f"rm -rf {SITE}; mv {SITE}.kept {SITE}"])


def serves_and_stops(service: Service, page: str) -> None:
    """It begins, is restarted and stops as if nothing was."""
    service("restart", "--wait")
    wait_for(lambda: service.cluster.get(page).status == 200, 10)
    status = service.status()
    pattern = f"http.server {status['endpoint']['port']}"
    service.cluster.run(status["node"], ["pkill", "-9", "-f", pattern])
    wait_for(lambda: service.status()["restarts"] == 1, 10)
    wait_for(lambda: service.cluster.get(page).status == 200, 10)
    stays(service.cluster, page)
    assert service.status()["job_id"] == status["job_id"]
    service("stop")
    is_true(service)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_service_runs_by_the_defaults(
    service: Service, page: str, nodes: Cluster, kind: str
) -> None:
    for node in NODES:
        nodes.run(node, ["sh", "-c", f"cat >{SITE}"], stdin=BROKEN[kind])
    serves_and_stops(service, page)
    said = "until then the job is not renewed" if kind == "no-commands" else "with the defaults"
    assert said in service.log()


@pytest.mark.parametrize("words", ["chmod 0 {0}", "rm {0}; mkdir {0}"], ids=["secret", "directory"])
def test_settings_that_cannot_be_read_are_the_defaults_too(
    service: Service, page: str, nodes: Cluster, words: str
) -> None:
    for node in NODES:
        nodes.run(node, ["sh", "-c", words.format(SITE)])
    serves_and_stops(service, page)
    assert "with the defaults" in service.log()

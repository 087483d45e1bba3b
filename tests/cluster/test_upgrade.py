"""The whole site is upgraded, and its visitors notice nothing."""

from __future__ import annotations

import pytest

from cluster import wsgi
from cluster.load import Load, is_served
from cluster.plays import PLAYBOOKS, play
from cluster.testbed import CTL, NODES, WEB, Cluster

pytestmark = [pytest.mark.long, pytest.mark.alone]


def job(cluster: Cluster) -> str:
    """The job of the service, and when it began."""
    argv = ["squeue", "-h", "-u", "bob", "-n", "echo-service", "-o", "%A %S"]
    return cluster.run(CTL, argv).out


def site(version: str, name: str, ttl: int) -> dict[str, object]:
    """The site's variables: nearly every role has something to change between two versions."""
    return {
        "uwsgi_app_applications": wsgi.applications(version),
        "frontend_site_name": name,
        "slurm_extra_conf": ["KillWait=5", f"InactiveLimit={ttl}"],
        "sbatch_service_wait_timeout": ttl,
        "port_guard_interval": ttl,
    }


def test_an_upgrade_loses_no_request_and_ends_no_job(
    cluster: Cluster, echo: str, web_applications: None
) -> None:
    before = job(cluster)
    loads = [
        Load(cluster, [(f"{echo}/x", 0.1)] * 4),
        Load(cluster, [("/x", 0.2)] * 4, f"{wsgi.UNIT}.test"),
    ]
    # The hosts have what says that it is of an older version.
    older = "sed -i 's/^Version: .*/Version: 0.0.1/' /opt/sciportal/lib/*/*/sciportal-*/METADATA"
    for host in (CTL, WEB, *NODES):
        cluster.run(host, ["sh", "-c", older])
    with loads[0].running(), loads[1].running():
        play(PLAYBOOKS / "upgrade.yml", site("2", "Upgraded services", 61)).ok()
    for load in loads:
        answers = load.answers()
        assert len(answers) > 100
        assert [each for each in answers if not is_served(each)] == []
    assert job(cluster) == before
    assert "Upgraded services" in cluster.get("/").text
    again = play(PLAYBOOKS / "upgrade.yml", site("2", "Upgraded services", 61)).ok()
    assert again.changed == 0
    play(PLAYBOOKS / "site.yml", {}).ok()
    assert job(cluster) == before

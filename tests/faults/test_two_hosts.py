"""Two hosts run the command on one service at once."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from cluster.testbed import CTL, NODES, SLEEPER, Service, wait_for
from faults.judge import finished, is_true


@pytest.mark.parametrize("seed", [1, 2])
def test_20_calls_on_two_hosts_leave_one_job_or_none_and_a_true_status(
    service: Service, seed: int
) -> None:
    service.script(SLEEPER)
    actions = random.Random(seed).choices(["start", "stop"], k=20)  # noqa: S311
    hosts = [CTL, NODES[0]] * 10
    # One after another: the scheduler lets two seconds pass between two submissions of a name.
    calls = [
        service.cluster.start(
            host,
            ["sbatch-service", action, "--lock-timeout=110", service.name],
            user=service.user,
        )
        for host, action in zip(hosts, actions, strict=True)
    ]
    ended = [finished(call) for call in calls]
    assert Counter(each.code for each in ended) == {0: 20}, ended
    is_true(service)
    assert [each for each in ended if "Traceback" in each.err] == []
    # Both see the same, once a job that was left has begun.
    argv = ["sbatch-service", "status", "--json", service.name]
    wait_for(lambda: service.status()["state"] in ("running", "stopped"), 20)
    there = service.cluster.run(NODES[0], argv, user=service.user, check=False).json()
    assert there["results"][0]["state"] == service.status()["state"]


def test_20_starts_on_two_hosts_leave_one_job(service: Service) -> None:
    service.script(SLEEPER)
    argv = ["sbatch-service", "start", service.name]
    calls = [service.cluster.start(host, argv, user=service.user) for host in [CTL, NODES[0]] * 10]
    assert [finished(call).code for call in calls] == [0] * 20
    assert len(service.cluster.jobs(service.user, service.name, "all")) == 1

"""However many calls there are at once, a service has one job at most."""

from __future__ import annotations

import random
from collections import Counter

from cluster.testbed import CTL, SLEEPER, Service, wait_for


def test_20_concurrent_starts_leave_one_job(service: Service) -> None:
    service.script(SLEEPER)
    argv = ["sbatch-service", "start", service.name]
    calls = [service.cluster.start(CTL, argv, user="alice") for _ in range(20)]
    ended = [call.communicate() for call in calls]
    assert [call.returncode for call in calls] == [0] * 20, ended
    assert len(service.cluster.jobs("alice", service.name, "all")) == 1


def test_20_mixed_calls_leave_one_job_or_none_and_a_true_status(service: Service) -> None:
    service.script(SLEEPER)
    actions = random.Random(20).choices(["start", "stop", "restart"], k=20)  # noqa: S311
    calls = [
        service.cluster.start(CTL, ["sbatch-service", each, service.name], user="alice")
        for each in actions
    ]
    ended = [
        (each, call.communicate(), call.returncode)
        for each, call in zip(actions, calls, strict=True)
    ]
    assert Counter(code for *_, code in ended) == {0: 20}, ended
    live = service.cluster.jobs("alice", service.name)
    assert len(live) <= 1
    state = service.status()["state"]
    assert state in ({"pending", "running"} if live else {"stopped"})


def test_ctrl_c_at_any_point_leaves_what_the_next_call_can_finish(service: Service) -> None:
    service.script(SLEEPER)
    for tenths in range(1, 7):
        argv = [
            "timeout",
            "-s",
            "INT",
            f"0.{tenths:02d}5",
            "sbatch-service",
            "restart",
            service.name,
        ]
        ended = service.cluster.run(CTL, argv, user="alice", check=False)
        # What Python itself says while it starts is not ours to keep back.
        assert "/sciportal/service/" not in ended.err
    # timeout interrupts twice, so sbatch may have been left in the middle: for a while nobody knows
    # whether a job comes of it, and nothing is submitted meanwhile.
    wait_for(lambda: service.status()["state"] != "unknown", 60)
    service("start", "--wait")
    assert len(service.cluster.jobs("alice", service.name)) == 1

"""slurmctld is paused, answers late, is stopped or restarted while a command works."""

from __future__ import annotations

import threading
import time

import pytest

from cluster.testbed import CTL, SLEEPER, Cluster, Service, wait_for
from faults.judge import finished, is_explained, is_true, stays


def begin(service: Service, *words: str) -> list[str]:
    """The call of an action on a service."""
    return ["sbatch-service", *words, service.name]


def test_while_slurmctld_is_paused_nothing_is_changed(
    service: Service, page: str, slurmctld: Cluster
) -> None:
    job = service.status()["job_id"]
    other = Service(slurmctld, f"{service.name}x", service.user)
    other.script(SLEEPER)
    slurmctld.run(CTL, ["pkill", "-STOP", "-x", "slurmctld"])
    calls = [
        slurmctld.start(CTL, argv, user=service.user)
        for argv in (begin(service, "stop"), begin(other, "start"), begin(service, "status"))
    ]
    stays(slurmctld, page)
    stop, start, status = (finished(call) for call in calls)
    for ended in (stop, start):
        is_explained(ended, 4, "its state is unknown")
        assert "nothing was changed" in ended.err
    assert status.code == 4
    assert "unknown" in status.out
    assert slurmctld.get(page).status == 200

    slurmctld.run(CTL, ["pkill", "-CONT", "-x", "slurmctld"])
    wait_for(lambda: service.status()["state"] == "running", 15)
    assert service.status()["job_id"] == job
    assert slurmctld.jobs(other.user, other.name, "all") == []
    other("start")
    assert len(slurmctld.jobs(other.user, other.name, "all")) == 1
    other("purge", "--yes", "--no-archive")
    service("stop")
    assert service.status()["state"] == "stopped"


@pytest.mark.parametrize("action", ["start", "stop", "restart"])
def test_an_answer_that_comes_late_is_waited_for(
    service: Service, page: str, slurmctld: Cluster, action: str
) -> None:
    if action == "start":
        service("stop")
    slurmctld.run(CTL, ["pkill", "-STOP", "-x", "slurmctld"])
    late = threading.Timer(4, slurmctld.run, [CTL, ["pkill", "-CONT", "-x", "slurmctld"]])
    late.start()
    begun = time.monotonic()
    service(action)
    late.join()
    assert time.monotonic() - begun >= 3
    is_true(service)
    assert len(slurmctld.jobs(service.user, service.name)) == (action != "stop")


@pytest.mark.parametrize("seconds", [0.05, 0.3, 0.6])
@pytest.mark.parametrize("action", ["start", "stop", "restart"])
def test_a_restart_of_slurmctld_in_mid_action_leaves_what_the_next_call_finishes(
    service: Service, page: str, slurmctld: Cluster, action: str, seconds: float
) -> None:
    if action == "start":
        service("stop")
    call = slurmctld.start(CTL, begin(service, action), user=service.user)
    time.sleep(seconds)
    slurmctld.run(CTL, ["systemctl", "restart", "slurmctld"])
    ended = finished(call)
    assert ended.code in (0, 4), ended
    assert "Traceback" not in ended.err
    # Until it is known that no job will come, the answer is 4.
    wait_for(lambda: service(action, check=False).code == 0, 30, every=1)
    is_true(service)
    assert len(slurmctld.jobs(service.user, service.name)) == (action != "stop")
    if action != "stop":
        wait_for(lambda: slurmctld.get(page).status == 200, 10)


def test_slurmctld_that_goes_before_the_submission_gets_it_later(
    service: Service, slurmctld: Cluster
) -> None:
    # Stage start waits until slurmctld is down.
    flag = f"/home/{service.user}/is-down"
    slurmctld.run(CTL, ["rm", "-f", flag])
    service.script(
        "#!/bin/sh\n[ $1 = main ] && exec sleep 1000\n"
        '[ $1 = start ] || exit 0\nwhile [ ! -e "$HOME/is-down" ]; do sleep 0.1; done\n'
    )
    call = slurmctld.start(CTL, begin(service, "start"), user=service.user)
    wait_for(lambda: "start" in stages(slurmctld, service), 10)
    slurmctld.run(CTL, ["systemctl", "stop", "slurmctld"])
    slurmctld.run(CTL, ["touch", flag])
    is_explained(finished(call), 4, "")
    slurmctld.run(CTL, ["systemctl", "start", "slurmctld"])
    wait_for(lambda: service("start", check=False).code == 0, 30, every=1)
    assert len(slurmctld.jobs(service.user, service.name, "all")) == 1
    slurmctld.run(CTL, ["rm", flag])


def stages(cluster: Cluster, service: Service) -> str:
    """The stages of the service that run on the login host."""
    return cluster.run(
        CTL, ["pgrep", "-a", "-u", service.user, "-f", f"{service.name} start"], check=False
    ).out


def test_slurmctld_that_goes_after_the_signal_is_waited_for(
    service: Service, page: str, slurmctld: Cluster
) -> None:
    # The main process takes its time to end, so that the stop is in its middle.
    service.script(
        "#!/bin/sh\n[ $1 = main ] || exit 0\ntrap 'sleep 3; exit 0' TERM\n"
        "while :; do sleep 0.1; done\n"
    )
    service.settings("")
    service("restart", "--wait")
    call = slurmctld.start(CTL, begin(service, "stop"), user=service.user)
    time.sleep(1)
    slurmctld.run(CTL, ["systemctl", "stop", "slurmctld"])
    time.sleep(4)
    assert call.poll() is None
    slurmctld.run(CTL, ["systemctl", "start", "slurmctld"])
    assert finished(call).code == 0
    assert service.status()["state"] == "stopped"

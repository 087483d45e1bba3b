"""A clock is wrong, or is set while something runs (libfaketime, a preloaded library).

munge bears five minutes between hosts, so a clock that is further off stops Slurm there anyway.
Here the programs of Slurm have the right time, and only the command or the runner a wrong one.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.testbed import CTL, HELLO, NODES, PODMAN, SLEEPER, Cluster, Service, wait_for
from faults.judge import is_true, stays
from faults.test_killed import AFTER, BEFORE, killer, plant

__all__ = ["killer"]

LIBRARY = "/opt/libfaketime.so.1"
# Which the runner reads each time it asks for the time.
CLOCK = "/opt/clock"
PYTHON = "/opt/sciportal/bin/python"
# The library makes nonsense of clock_nanosleep(2) with an absolute time, by which Python sleeps.
COMMAND = """\
import select, time
time.sleep = lambda seconds: select.select((), (), (), seconds)
from sciportal.service.command import main
main()
"""
WRAPPED = f"""\
#!/bin/sh
export LD_PRELOAD={LIBRARY} FAKETIME_TIMESTAMP_FILE={CLOCK} FAKETIME_NO_CACHE=1
export FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1
exec {PYTHON}3 "$@"
"""


@pytest.fixture(scope="module")
def faked(cluster: Cluster) -> Iterator[Cluster]:
    """The hosts have the library."""
    found = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if not found:
        pytest.skip("the Debian package libfaketime is not here")
    for host in (CTL, *NODES):
        subprocess.run([PODMAN, "cp", str(found), f"{host}:{LIBRARY}"], check=True)
    yield cluster
    for host in (CTL, *NODES):
        cluster.run(host, ["rm", "-f", LIBRARY, CLOCK])


def at(offset: str, *words: str) -> list[str]:
    """The command by a clock that is off."""
    faked = [f"LD_PRELOAD={LIBRARY}", f"FAKETIME={offset}"]
    monotonic = ["FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1"]
    return ["env", *faked, *monotonic, PYTHON, "-c", COMMAND, *words]


@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_a_clock_that_is_off_changes_nothing(service: Service, faked: Cluster, offset: str) -> None:
    service.script(SLEEPER)
    for words, live in (
        (["start", "--wait"], 1),
        (["start"], 1),
        (["status"], 1),
        (["restart", "--wait"], 1),
        (["stop"], 0),
        (["deploy", "--wait"], 1),
        (["purge", "--yes"], 0),
    ):
        ended = faked.run(CTL, at(offset, *words, service.name), user=service.user, check=False)
        assert ended.code == 0, (words, ended)
        is_true(service)
        assert len(faked.jobs(service.user, service.name)) == live, words


@pytest.mark.parametrize("offset", ["+1h", "-1h"])
@pytest.mark.parametrize("when", [BEFORE, AFTER], ids=["before", "after"])
def test_a_clock_that_is_set_during_a_submission_makes_no_second_job_run(
    service: Service, faked: Cluster, killer: Cluster, offset: str, when: str
) -> None:
    service.script(SLEEPER)
    plant(killer, when)
    assert service("start", check=False).code == 137
    killer.run(CTL, ["rm", "/usr/local/bin/sbatch"])
    argv = at(offset, "start", service.name)
    wait_for(lambda: faked.run(CTL, argv, user=service.user, check=False).code == 0, 20, every=1)
    for _ in range(5):
        assert len(faked.jobs(service.user, service.name, "RUNNING,COMPLETING")) <= 1
        time.sleep(1)
    wait_for(lambda: service.status()["state"] == "running", 20)
    is_true(service)


@pytest.fixture
def clock(faked: Cluster) -> Iterator[Cluster]:
    """The runners on the nodes go by a clock of their own."""
    for node in NODES:
        faked.run(node, ["sh", "-c", f"echo +0 >{CLOCK}; chmod 644 {CLOCK}"])
        faked.run(node, ["rm", PYTHON])
        faked.run(node, ["sh", "-c", f"cat >{PYTHON}; chmod 755 {PYTHON}"], stdin=WRAPPED)
    yield faked
    for node in NODES:
        faked.run(node, ["ln", "-sfn", "python3", PYTHON])


@pytest.mark.parametrize("offset", ["+2h", "-2h"])
@pytest.mark.parametrize("when", ["before", "while"])
def test_the_runner_goes_by_no_clock_that_can_be_set(
    service: Service, clock: Cluster, offset: str, when: str
) -> None:
    # A signal wakes the runner, which then looks how near the time limit is.
    service.script(
        HELLO.replace('[ "$1" = main ]', '[ "$1" = reload ] && echo CONT\n[ "$1" = main ]')
    )
    service.settings('access = "public"\nrestart = "on-failure"\nsbatch = ["--time=60"]\n')
    if when == "before":
        set_clock(clock, offset)
    service("start", "--wait")
    page = f"/~{service.user}:{service.name}/"
    wait_for(lambda: clock.get(page).status == 200, 10)
    status = service.status()
    set_clock(clock, offset)
    service("reload")
    stays(clock, page, 5)
    pattern = f"http.server {status['endpoint']['port']}"
    clock.run(status["node"], ["pkill", "-9", "-f", pattern])
    wait_for(lambda: service.status()["restarts"] == 1, 10)
    wait_for(lambda: clock.get(page).status == 200, 10)
    after = service.status()
    assert (after["job_id"], after["state"]) == (status["job_id"], "running")
    assert "renewed" not in service.log()
    service("stop")
    is_true(service)


def set_clock(cluster: Cluster, offset: str) -> None:
    """Set the clock of the runners."""
    for node in NODES:
        cluster.run(node, ["sh", "-c", f"echo {offset} >{CLOCK}"])

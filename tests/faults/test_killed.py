"""The command is killed between sbatch and its answer, so that nobody notes what became of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from cluster.testbed import CTL, SLEEPER, Cluster, Service, wait_for
from faults.judge import is_true

SBATCH = "/usr/local/bin/sbatch"
# The command finds this before Slurm's own.
BEFORE = '#!/bin/sh\nkill -9 $PPID\nsleep 3\nexec /usr/bin/sbatch "$@"\n'
AFTER = '#!/bin/sh\n/usr/bin/sbatch "$@"\nkill -9 $PPID\n'


@pytest.fixture
def killer(cluster: Cluster) -> Iterator[Cluster]:
    """Afterwards sbatch is Slurm's own again."""
    yield cluster
    cluster.run(CTL, ["rm", "-f", SBATCH])


def plant(cluster: Cluster, script: str) -> None:
    """Have the command find another sbatch than Slurm's."""
    cluster.run(CTL, ["sh", "-c", f"cat >{SBATCH} && chmod 755 {SBATCH}"], stdin=script)


@pytest.mark.parametrize("when", [BEFORE, AFTER], ids=["before", "after"])
@pytest.mark.parametrize("action", ["start", "restart", "deploy"])
def test_a_submission_whose_command_was_killed_is_not_made_twice(
    service: Service, killer: Cluster, action: str, when: str
) -> None:
    service.script(SLEEPER)
    if action == "restart":
        service("start")
        # The scheduler refuses a second submission that soon.
        time.sleep(3)
    plant(killer, when)
    assert service(action, check=False).code == 137
    killer.run(CTL, ["rm", SBATCH])
    ended = service("start", check=False)
    # Before the job is there nobody can know whether it comes.
    assert ended.code in ((0,) if when is AFTER else (0, 4)), ended
    wait_for(lambda: service("start", check=False).code == 0, 20, every=0.5)
    wait_for(lambda: service.status()["state"] == "running", 20)
    live = killer.jobs(service.user, service.name, "PENDING,CONFIGURING,RUNNING,COMPLETING")
    assert len(live) == 1
    time.sleep(1)
    is_true(service)
    service("stop")
    assert killer.jobs(service.user, service.name) == []

"""slurmctld goes at the moment in which a job is to be renewed."""

from __future__ import annotations

import pytest

from cluster.testbed import CTL, HELLO, Cluster, Service, wait_for
from faults.judge import is_true

# Stage stop, which the runner calls before the time limit, waits until slurmctld is down.
_STOP = """\
if [ "$1" = stop ] && [ -n "$SLURM_JOB_ID" ] && [ ! -e is-down ]; then
    touch renewing; until [ -e is-down ]; do sleep 0.1; done
fi
[ "$1" = main ]"""


@pytest.mark.long
def test_a_renewal_without_slurmctld_is_made_up_for(service: Service, slurmctld: Cluster) -> None:
    service.script(HELLO.replace('[ "$1" = main ]', _STOP))
    service.settings('access = "public"\nsbatch = ["--time=1"]\nstop_timeout = 30\n')
    page = f"/~{service.user}:{service.name}/"
    flags = [f"/home/{service.user}/{name}" for name in ("renewing", "is-down")]
    slurmctld.run(CTL, ["rm", "-f", *flags])
    service("start", "--wait")
    job = service.status()["job_id"]
    wait_for(lambda: slurmctld.run(CTL, ["test", "-e", flags[0]], check=False).code == 0, 60)
    slurmctld.run(CTL, ["systemctl", "stop", "slurmctld"])
    slurmctld.run(CTL, ["touch", flags[1]])
    wait_for(lambda: "cannot be renewed yet" in service.log(), 20)
    # The main process was started again and serves until there is an answer.
    wait_for(lambda: slurmctld.get(page).status == 200, 5)
    slurmctld.run(CTL, ["systemctl", "start", "slurmctld"])
    wait_for(lambda: service.status()["phase"] == "renewing", 30)
    wait_for(lambda: slurmctld.get(page).status == 200, 30)
    after = service.status()
    assert (after["job_id"], after["state"]) == (job, "running")
    service("stop")
    is_true(service)
    slurmctld.run(CTL, ["rm", "-f", *flags])

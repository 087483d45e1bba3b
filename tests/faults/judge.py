"""What has to hold under any fault."""

from __future__ import annotations

import re
import subprocess
import time

from cluster.testbed import Cluster, Ended, Service

_THREE_PARTS = re.compile(r"^sbatch-service: .+: .+; .+", re.MULTILINE | re.DOTALL)


def is_explained(ended: Ended, code: int, found: str) -> None:
    """The call failed with one message: what was wanted, what was found, what to do.

    Args:
        ended: how it ended.
        code: the exit code that it is to have.
        found: words of the second part.
    """
    assert ended.code == code, ended
    assert "Traceback" not in ended.err, ended.err
    assert len(re.findall("^sbatch-service: ", ended.err, re.MULTILINE)) == 1, ended.err
    assert _THREE_PARTS.match(ended.err), ended.err
    assert found in ended.err, ended.err


def finished(call: subprocess.Popen[str]) -> Ended:
    """How a call that was begun ends."""
    out, err = call.communicate(timeout=120)
    return Ended(call.returncode, out, err)


def stays(cluster: Cluster, address: str, seconds: float = 3) -> None:
    """The page is served all that time, which is longer than a route takes to go."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert cluster.get(address).status == 200
        time.sleep(0.2)


def job_ids(service: Service) -> list[str]:
    """The jobs of a service that are not over, as root sees them."""
    return service.cluster.jobs(service.user, service.name)


def is_true(service: Service) -> None:
    """There is one job at most, and `status` says which it is."""
    live = job_ids(service)
    assert len(live) <= 1
    state = service.status()["state"]
    assert state in ({"pending", "running"} if live else {"stopped"})

"""The distribution's slurmrestd on a Slurm of the tests' own: a Unix socket, and no tokens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from batch.own_slurm import OwnSlurm, wait_for
from batch.people import PEOPLE
from bench.controller import running
from bench.wire import Target

VERSION = "v0.0.38"
USER = PEOPLE[0]
SCRIPT = "#!/bin/sh\necho hello world\n"


@contextmanager
def served(cluster: OwnSlurm) -> Iterator[Target]:
    """slurmrestd as an account, for a while; it hears this account, and nobody else."""
    place = cluster.root / "rest"
    place.mkdir()
    os.chown(place, USER.uid, USER.uid)
    socket = place / "socket"
    argv = ["slurmrestd", "-f", str(cluster.conf), "-a", "rest_auth/local"]
    argv += ["-s", f"openapi/{VERSION}", f"unix:{socket}"]
    with running(cluster, argv, {}, place / "log", USER.name):
        wait_for(socket.exists)
        yield Target(cluster, USER.name, str(socket), uwsgi=False)


def submission(target: Target) -> bytes:
    """A request for the job that the portal is asked for."""
    job = {
        "name": "greeting",
        "current_working_directory": str(target.cluster.home(USER.name)),
        "environment": {"PATH": "/usr/bin:/bin"},
        "time_limit": 60,
    }
    return target.request("POST", f"/slurm/{VERSION}/job/submit", {"job": job, "script": SCRIPT})


def status(target: Target, job: int) -> bytes:
    """A request for the state of a job."""
    return target.request("GET", f"/slurm/{VERSION}/job/{job}")

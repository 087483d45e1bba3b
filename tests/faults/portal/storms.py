"""The faults that the portal meets, as data: what is done, to which jobs, on which databases."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from batch.slurm_conf import NODES
from faults.portal import clock, nodes
from faults.portal.site import (
    LEASE_SECONDS,
    PORTAL,
    POSTGRESQL,
    RECONCILE_SECONDS,
    SQLITE,
    WORKERS,
    Site,
)
from sciportal.jobs.settings import DISPATCH, SLURM

CUT_SECONDS = float(os.environ.get("SCIPORTAL_FAULTS_CUT", "60"))
"""Twelve leases and reconciliations; with the settings' defaults five minutes are five of each."""
_OFFSETS = ("+3600", "-3600", "+2d", "-2d", "+0")
_CURL_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Storm:
    """One kind of fault, again and again."""

    name: str
    strike: Callable[[Site, int], int]
    """Makes it, and ends it again; given how often it was made before. How often it struck."""
    rounds: int
    """The fewest."""
    databases: tuple[str, ...]
    pause: float = 1.0
    """Seconds between two."""
    backends: tuple[str, ...] = (SLURM, DISPATCH)
    """To which jobs are submitted in turn."""
    job_seconds: float = 1.0
    is_lossy: bool = False
    is_faked: bool = False
    is_mortal: bool = False
    """Whether nodes can be killed."""


def _controller(site: Site, turn: int) -> int:
    """Kill what serves, what listens and what keeps, one after the other."""
    name = PORTAL[turn % len(PORTAL)]
    site.daemons.kill(name)
    time.sleep(turn % 2)
    site.daemons.start(name)
    return 1


def _worker(site: Site, turn: int) -> int:
    """Kill a worker; every fourth time it is away for longer than a lease."""
    name = WORKERS[turn % len(WORKERS)]
    site.daemons.kill(name)
    time.sleep(LEASE_SECONDS * 1.5 if turn % 4 == 3 else 0.5)
    site.daemons.start(name)
    return 1


def _database(site: Site, _turn: int) -> int:
    """Kill the server; SQLite is in the programs that use it."""
    if site.server:
        site.server.kill()
        time.sleep(3)
        site.server.start()
    else:
        site.daemons.kill(*PORTAL)
        time.sleep(1)
        site.daemons.start(*PORTAL)
    return 1


def _slurmctld(site: Site, turn: int) -> int:
    """Kill slurmctld; every third time it is away for longer than a reconciliation."""
    site.needs_operator = True
    site.slurm.kill("slurmctld")
    time.sleep(RECONCILE_SECONDS * 1.5 if turn % 3 == 2 else 0.5)
    site.slurm.slurmctld()
    site.until(lambda: "UP" in site.slurm.text("scontrol", "ping"))
    return 1


def _node(site: Site, turn: int) -> int:
    """Kill a node; every third time it is back before slurmctld has found it dead."""
    # A slurmd that finds what it left of a job when it died refuses the job, which is then held.
    site.needs_operator = True
    node = NODES[turn % len(NODES)]
    site.daemons.kill(node)
    site.runs.died(node)
    if turn % 3 != 2:
        site.until(lambda: nodes.is_down(site.slurm, node))
    site.daemons.start(node)
    site.until(lambda: nodes.is_up(site.slurm, node))
    return 1


def _curl(site: Site, turn: int) -> int:
    """Kill each curl of a notifier: before it was heard, or before it heard the answer."""
    unheard = turn % 2
    if unheard:
        site.network.cut(site.listener_port)
    else:
        site.daemons.signal("listener", signal.SIGSTOP)
    killed = 0
    end = time.monotonic() + _CURL_SECONDS
    while time.monotonic() < end:
        killed += _kill_curls(str(site.listener_port).encode())
        time.sleep(0.1)
    if unheard:
        site.network.mend()
    else:
        site.daemons.signal("listener", signal.SIGCONT)
    return killed


def _kill_curls(mark: bytes) -> int:
    """Kill those that have something in their environment; how many those were."""
    killed = 0
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (each / "comm").read_text() == "curl\n" and mark in (each / "environ").read_bytes():
                os.kill(int(each.name), signal.SIGKILL)
                killed += 1
    return killed


def _cut(site: Site, _turn: int) -> int:
    """Cut the wire while jobs of all kinds run."""
    site.until(lambda: len(site.runs.of_jobs()) > len(WORKERS))
    site.network.cut()
    time.sleep(CUT_SECONDS)
    site.network.mend()
    return 1


def _answers(site: Site, _turn: int) -> int:
    """Have one of four of the next answers lost, after their requests were answered."""
    before = sum(each.lost for each in site.wires)
    for each in site.wires:
        each.loses, each.spares = 5, 3
    time.sleep(1)
    return sum(each.lost for each in site.wires) - before


def _clock(site: Site, turn: int) -> int:
    clock.step(site.root, _OFFSETS[turn % len(_OFFSETS)])
    return 1


STORMS = (
    Storm("controller", _controller, 9, (POSTGRESQL,)),
    Storm("worker", _worker, 12, (SQLITE,), backends=(DISPATCH,)),
    Storm("database", _database, 6, (SQLITE, POSTGRESQL), pause=4),
    Storm("slurmctld", _slurmctld, 6, (SQLITE,), pause=6),
    Storm("node", _node, 6, (SQLITE,), pause=4, job_seconds=4, is_mortal=True),
    Storm("curl", _curl, 4, (SQLITE,), pause=3, backends=(SLURM,)),
    Storm("cut", _cut, 1, (POSTGRESQL,), job_seconds=3),
    Storm("answers", _answers, 20, (POSTGRESQL,), is_lossy=True),
    Storm("clock", _clock, 10, (SQLITE,), pause=4, is_faked=True),
)

"""The page of the documentation that shows the last run."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench import section
from bench.chp import VERSION
from bench.figures import Figure, table
from bench.of_apache import Apache
from bench.of_job import Job
from bench.of_routes import PAIRS, Routes, tables
from cluster.testbed import CTL, Cluster

_HERE = Path(__file__).parent


class Run(NamedTuple):
    """All that was measured."""

    facts: str
    one: Sequence[Figure]
    all: Sequence[Figure]
    job: Job
    routes: Routes
    apache: Apache
    hub: Sequence[Figure]
    no_hub: str
    """Why there are no figures of the hub."""


def facts(cluster: Cluster) -> str:
    """What the figures depend on."""
    release = cluster.run(CTL, ["sh", "-c", ". /etc/os-release; echo $PRETTY_NAME"]).out.strip()
    slurm = cluster.run(CTL, ["sinfo", "--version"]).out.strip()
    python = cluster.run(CTL, ["/opt/sciportal/bin/python", "--version"]).out.strip()
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[1]
    return (
        f"This run: {today}, {cores} processors for all hosts of the cluster, {release}, {slurm},\n"
        f"{python}; load average {load:.1f} when it began."
    )


def write(run: Run, versions: Sequence[str], path: Path = section.PAGE) -> None:
    """Write the page.

    Args:
        run: what was measured.
        versions: of what stands beside us.
        path: the page.
    """
    hub = run.no_hub
    if run.hub:
        hub = _filled(
            "hub.md",
            versions=" and ".join(each.replace("==", " ") for each in versions),
            table=table(run.hub),
        )
    text = _filled(
        "page.md",
        facts=run.facts,
        one=table(run.one),
        all=table(run.all),
        job=table([run.job.revival]),
        runner=run.job.runner,
        script=run.job.batch_script,
        routes=_filled(
            "routes.md",
            pairs=PAIRS,
            chp=VERSION.replace("==", " "),
            **tables(run.routes),
        ),
        apache=table([run.apache.figure]),
        idle=run.apache,
        hub=hub,
    )
    path.write_text("\n".join(filter(None, [text, section.of_page(path)])))


def _filled(name: str, **parts: object) -> str:
    return (_HERE / name).read_text().format(**parts).rstrip("\n") + "\n"

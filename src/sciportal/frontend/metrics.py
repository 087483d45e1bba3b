"""What the route daemon tells a Prometheus (text exposition format 0.0.4).

Nothing that an account chose is a label, so that no account can make the numbers grow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sciportal.frontend.health import Health
from sciportal.service.job import Job, State
from sciportal.service.names import service_of

# Without a job there is nothing to count; without an answer, nobody knows.
STATES = (State.PENDING, State.RUNNING, State.STOPPING)

Starts = Mapping[int, int]
"""When each job last began, by its number, in seconds since the epoch; 0 for not yet."""


def services(jobs: Iterable[Job], partition: str) -> list[Job]:
    """The jobs of services: of each account and service the oldest that is not over.

    Args:
        jobs: the queue, oldest first.
        partition: of services.
    """
    found: dict[tuple[str, str], Job] = {}
    for job in jobs:
        if job.partition == partition and service_of(job.name) and not job.is_over:
            found.setdefault((job.user, job.name), job)
    return list(found.values())


def follow(before: Starts, found: Iterable[Job]) -> tuple[Starts, int]:
    """When the jobs began, and how many began again: requeued after a failure, or renewed.

    Args:
        before: what this returned for the queue before; a job may have waited since.
        found: the jobs of services now.
    """
    now: dict[int, int] = {}
    restarts = 0
    for job in found:
        began = before.get(job.id, 0)
        if job.state is State.RUNNING:
            restarts += 0 < began != job.started
            began = job.started
        now[job.id] = began
    return now, restarts


def text(found: Iterable[Job], restarts: int, health: Health) -> str:
    """The file.

    Args:
        found: the jobs of services.
        restarts: how many jobs began again since the daemon was started.
        health: of the daemon.
    """
    by_state = Counter(job.state for job in found)
    lines = _head("sciportal_services", "gauge", "Services by the state of their job.")
    lines += [
        f'sciportal_services{{state="{state.value}"}} {by_state.get(state, 0)}' for state in STATES
    ]
    for name, kind, meaning, value in (
        ("sciportal_routes", "gauge", "Services that requests are sent to.", health.routes),
        (
            "sciportal_job_restarts_total",
            "counter",
            "Jobs that Slurm started again since the daemon was started.",
            restarts,
        ),
        (
            "sciportal_routes_updated_timestamp_seconds",
            "gauge",
            "When the routes were last read from the queue; their age is the time since.",
            f"{health.success:.3f}",
        ),
        (
            "sciportal_queries_failed_total",
            "counter",
            "Queries that Slurm did not answer since the daemon was started.",
            health.failures_total,
        ),
    ):
        lines += [*_head(name, kind, meaning), f"{name} {value}"]
    return "\n".join(lines) + "\n"


def _head(name: str, kind: str, meaning: str) -> list[str]:
    return [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]

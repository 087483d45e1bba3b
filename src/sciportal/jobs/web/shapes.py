"""Jobs as JSON. Names of fields are those of Bumps's job queue where it has them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sciportal.jobs.store.job import Job, JobEvent, JobSummary

_TIMES = ("submitted", "sent", "started", "ended")


def moment(microseconds: int | None) -> str | None:
    """A time of the store, as RFC 3339 has it."""
    if microseconds is None:
        return None
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat(timespec="milliseconds")


def record(job: JobSummary) -> dict[str, Any]:
    """What a list says of a job."""
    return {
        "id": job.id,
        "name": job.name,
        "application": job.application,
        "owner": job.owner,
        "status": job.state.value,
        "ending": job.cancel_wanted is not None,
        "exit_code": job.exit_code,
        "attempt": job.attempt,
        "backend": job.backend,
        "host": job.host,
        "worker": job.worker,
        "reason": job.reason,
        **{f"{each}_at": moment(getattr(job, f"{each}_at")) for each in _TIMES},
    }


def status(job: Job) -> dict[str, Any]:
    """What changes while a job runs."""
    return {
        "id": job.id,
        "status": job.state.value,
        "ending": job.cancel_wanted is not None,
        "exit_code": job.exit_code,
        "attempt": job.attempt,
    }


def whole(job: Job, events: Iterable[JobEvent]) -> dict[str, Any]:
    """Everything about a job, with what its owner asked for."""
    # As the store wrote it, see `order.to_json`.
    asked = json.loads(job.order_text)
    details = {
        **record(job),
        "service": job.application,
        "parameters": job.parameters,
        "files": asked["files"],
        "resources": asked["resources"],
        "limits": asked["limits"],
        "map": asked["map"],
        "usage": job.usage,
        "points_failed": job.points_failed,
        "collected": job.collected_at is not None,
        "events": [happened(each) for each in events],
    }
    return {"id": job.id, "job": details}


def happened(event: JobEvent) -> dict[str, Any]:
    """A line of a job's timeline."""
    return {
        "at": moment(event.at),
        "attempt": event.attempt,
        "cause": event.cause.value,
        "text": event.text,
    }


def listed(jobs: Sequence[JobSummary], limit: int) -> dict[str, Any]:
    """A list of jobs; `before` asks for those that follow."""
    more = len(jobs) == limit and jobs
    return {
        "jobs": [job.id for job in jobs],
        "records": [record(job) for job in jobs],
        "before": jobs[-1].id if more else None,
    }

"""Jobs as Slurm shows them."""

from __future__ import annotations

from sciportal.service.job import Job


def job(number: int = 1, **changed: object) -> Job:
    """A job of a service that is routed, with what is to be different."""
    fields: dict[str, object] = {
        "id": number,
        "raw_state": "RUNNING",
        "user": "alice",
        "uid": 2001,
        "partition": "service-pool",
        "node": "node1",
        "submitted": 1000 + number,
        "started": 2000 + number,
        "reason": "None",
        "name": "web-service",
        "comment": "sbatch-service/1 http 24601 public",
    }
    return Job(**{**fields, **changed})  # type: ignore[arg-type]

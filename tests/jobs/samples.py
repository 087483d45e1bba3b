"""Jobs to submit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sciportal.jobs.order import Order
from sciportal.jobs.store.job import NewJob

GREETING = Path(__file__).with_name("greeting.yml")
"""Describes an application with one of everything."""


def order(**more: Any) -> Order:
    """An order that greets."""
    given: dict[str, Any] = {
        "job": 0,
        "attempt": 1,
        "user": "alice",
        "account": "alice",
        "host": "",
        "application": "greeting",
        "name": "my job",
        "script": "echo hello\n",
    }
    return Order(**{**given, **more})


def new_job(owner: str = "alice", backend: str = "slurm", **more: Any) -> NewJob:
    """A job of somebody; what is more goes into its order."""
    origin = more.pop("origin", "192.0.2.1")
    parameters = more.pop("parameters", {})
    return NewJob(
        owner=owner,
        origin=origin,
        parameters=parameters,
        order=order(user=owner, account=owner, **more),
        backend=backend,
    )

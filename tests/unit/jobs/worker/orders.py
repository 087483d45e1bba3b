"""Orders for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sciportal.jobs.order import Order

PLAIN = Order(
    job=17,
    attempt=1,
    user="alice",
    account="alice",
    host="",
    application="shell",
    name="a job",
    script="echo done\n",
)


def order(**changes: Any) -> Order:
    """An order that differs from a plain one."""
    return replace(PLAIN, **changes)

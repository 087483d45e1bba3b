"""How the route daemon is doing: the small file that it leaves for `service-routes status`."""

from __future__ import annotations

import json
from typing import NamedTuple

FINE, STALE, UNKNOWN = 0, 1, 4


class Health(NamedTuple):
    """Times are in seconds since the epoch, 0 for never."""

    success: float = 0
    """When the routes were last read from the queue and written."""
    failures: int = 0
    """Failed queries since then."""
    failures_total: int = 0
    """Failed queries since the daemon was started."""
    routes: int = 0
    message: str = ""
    """Why the last query failed; empty if it did not."""

    def succeeded(self, now: float, routes: int) -> Health:
        """The health after a query that worked."""
        return Health(now, 0, self.failures_total, routes)

    def failed(self, message: str) -> Health:
        """The health after a query that failed."""
        return self._replace(
            failures=self.failures + 1, failures_total=self.failures_total + 1, message=message
        )

    def text(self) -> str:
        """The file."""
        return json.dumps({"schema": 1, **self._asdict()}) + "\n"


def parse(text: str) -> Health | None:
    """The health that a file tells, or None where it is no such file."""
    try:
        data = json.loads(text)
        if data.pop("schema") != 1:
            return None
        health = Health(**data)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    right = all(
        isinstance(value, int | float) if isinstance(default, int) else isinstance(value, str)
        for value, default in zip(health, Health(), strict=True)
    )
    return health if right else None


def judge(health: Health | None, now: float, max_age: float) -> int:
    """The exit code of `service-routes status`.

    Args:
        health: what the daemon left, None for nothing that can be read.
        now: in seconds since the epoch.
        max_age: seconds without a successful query from which the routes count as stale.
    """
    if health is None:
        return UNKNOWN
    return FINE if now - health.success <= max_age else STALE


def report(health: Health, now: float) -> str:
    """One line for people."""
    age = f"read {now - health.success:.0f} s ago" if health.success else "never read"
    line = (
        f"routes: {health.routes}, {age}; queries failed: {health.failures} since then,"
        f" {health.failures_total} in all"
    )
    return f"{line}; the last one: {health.message}" if health.message else line

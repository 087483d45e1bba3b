"""The table of services for people."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

_COLUMNS = ("SERVICE", "STATE", "JOB", "NODE", "PORT", "ACCESS", "SINCE")


def table(results: Sequence[dict[str, Any]], now: float, *, accounts: bool = False) -> str:
    """One line a service.

    Args:
        results: the objects of the command's JSON.
        now: seconds since the epoch.
        accounts: whether they are of several accounts.
    """
    head = ("ACCOUNT", *_COLUMNS) if accounts else _COLUMNS
    rows = [head, *(_row(each, now, accounts=accounts) for each in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _row(each: dict[str, Any], now: float, *, accounts: bool) -> tuple[str, ...]:
    end = each["endpoint"]
    state = "restarting" if _is_restarting(each) else each["state"]
    cells = (
        each["service"] or "-",
        state,
        str(each["job_id"] or "-"),
        each["node"] or "-",
        str(end["port"]) if end else "-",
        end["access"] if end else "-",
        _age(each["since"], now),
    )
    return (each["account"], *cells) if accounts else cells


def _is_restarting(each: dict[str, Any]) -> bool:
    return bool(each["state"] == "running" and each.get("phase") == "restarting")


def _age(since: str | None, now: float) -> str:
    """A time, as how long ago that was."""
    if not since:
        return "-"
    import calendar

    then = calendar.timegm(time.strptime(since, "%Y-%m-%dT%H:%M:%SZ"))
    seconds = max(0, int(now) - then)
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit} ago"
    return f"{seconds}s ago"

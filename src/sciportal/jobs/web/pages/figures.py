"""Sizes, durations and times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

_STEPS = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
MICROSECONDS = 10**6


def size(count: float) -> str:
    """A number of bytes with a decimal prefix (IEC 80000-13), such as `1.2 MB`."""
    for unit, step in _STEPS:
        if count >= step:
            return (
                f"{count / step:.1f} {unit}" if count < 10 * step else f"{count / step:.0f} {unit}"
            )
    return "1 byte" if count == 1 else f"{count:.0f} bytes"


def duration(seconds: float) -> str:
    """A time span by its two largest units, such as `2 h 5 min`."""
    if seconds < 0:
        seconds = 0
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    whole = int(seconds)
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def span(begin: int | None, end: int | None) -> str:
    """The duration between two times of the store, in microseconds; empty where one is missing."""
    if begin is None or end is None:
        return ""
    return duration(max(0, end - begin) // MICROSECONDS)


def moment(at: int | None) -> str:
    """A time of the store, in microseconds since 1970, as a person reads it (UTC)."""
    return "" if at is None else _utc(at).strftime("%Y-%m-%d %H:%M:%S")


def machine_time(at: int) -> str:
    """The same for the attribute `datetime` of HTML."""
    return _utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at // MICROSECONDS, UTC)

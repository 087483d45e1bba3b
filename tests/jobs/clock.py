"""A clock that tests set."""

from __future__ import annotations


class Clock:
    """Seconds since 1970; each look at it comes a microsecond later.

    Args:
        now: at the beginning.
    """

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._microseconds = int(now * 1_000_000)

    def __call__(self) -> float:
        self._microseconds += 1
        return self._microseconds / 1_000_000

    def pass_by(self, seconds: float) -> None:
        """Let time pass, or step it back."""
        self._microseconds += int(seconds * 1_000_000)

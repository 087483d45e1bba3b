"""When something that failed is tried again: soon at first, then less and less often."""

from __future__ import annotations

from collections.abc import Callable

_FIRST_SECONDS = 0.5
_LONGEST_SECONDS = 60.0


class Patience:
    """Of any number of things that are tried.

    Args:
        clock: the monotonic time, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: dict[str, tuple[int, float]] = {}

    def is_due(self, key: str) -> bool:
        """Whether a thing may be tried now."""
        return self._clock() >= self._failures.get(key, (0, 0.0))[1]

    def failed(self, key: str) -> int:
        """It failed; how often in a row by now."""
        number = self.failures(key) + 1
        pause = min(_FIRST_SECONDS * 2 ** min(number - 1, 20), _LONGEST_SECONDS)
        self._failures[key] = number, self._clock() + pause
        return number

    def failures(self, key: str) -> int:
        """How often in a row it failed."""
        return self._failures.get(key, (0, 0.0))[0]

    def went_well(self, key: str) -> None:
        """It went well, or is no longer to be tried."""
        self._failures.pop(key, None)

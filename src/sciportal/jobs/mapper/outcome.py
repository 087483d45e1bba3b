"""What became of a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_LONGEST_POINT = 80


@dataclass(frozen=True, slots=True)
class Failure:
    """A point that has no result."""

    index: int
    """Its place among the points, counted from 0."""
    point: Any
    """What the function was called with; a tuple where that were several things."""
    error: str
    """Why, in one line: the type of the exception and what it says, or how the process ended."""
    attempts: int
    """How often it was evaluated."""

    def __str__(self) -> str:
        shown = repr(self.point)
        if len(shown) > _LONGEST_POINT:
            shown = f"{shown[:_LONGEST_POINT]}..."
        return f"point {self.index} ({shown}) failed {self.attempts} times: {self.error}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An evaluation that ended."""

    index: int
    value: Any
    error: str = ""
    """Empty where there is a value."""


class PointError(Exception):
    """The function failed for a point, also when that was evaluated again alone.

    Args:
        failure: which point, and why.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure

"""The points of a mapped job: from a file, or a range."""

from __future__ import annotations

import json
import math
from typing import IO, Any, NamedTuple

from sciportal.jobs import json_size
from sciportal.jobs.mapper import npy
from sciportal.jobs.order import MOST_POINTS
from sciportal.service.errors import UsageError

MOST_BYTES = 1 << 26
"""Of a file of points."""
MOST_COUNTED = 16_000_000
"""Bytes of JSON whose points are counted where a job is submitted, which many do at once."""
MOST_VALUES = 1_000_000
"""Of these points, with all that is in them."""

_WANTED = "read the points"
_ADVICE = f"give a list of 1 to {MOST_POINTS} points in JSON, or an array by numpy.save"


class Range(NamedTuple):
    """Points at equal distances, both ends among them."""

    start: float
    stop: float
    number: int

    def points(self) -> list[float]:
        """The points; a single one is the start."""
        if self.number == 1:
            return [self.start]
        step = (self.stop - self.start) / (self.number - 1)
        inner = [self.start + step * place for place in range(self.number - 1)]
        return [*inner, self.stop]


def in_range(start: float, stop: float, number: int) -> Range:
    """A range, after a look at its numbers.

    Raises:
        UsageError: an end is infinite, or there are none or too many points.
    """
    wanted = f"make {number} points from {start} to {stop}"
    if not math.isfinite(start) or not math.isfinite(stop) or not math.isfinite(stop - start):
        raise UsageError(wanted, "an end is no finite number", "give two finite numbers")
    if not 1 <= number <= MOST_POINTS:
        raise UsageError(wanted, "there are none or too many", f"give 1 to {MOST_POINTS}")
    return Range(float(start), float(stop), number)


def count(file: IO[bytes]) -> int:
    """How many points are in a file, see `decode`; of an array only what it says of itself is read.

    Args:
        file: at its beginning, where it is left.

    Raises:
        UsageError: it is no file of points, or it is too large to be looked at.
    """
    head = file.read(npy.HEADER_BYTES)
    size = file.seek(0, 2)
    file.seek(0)
    if head.startswith(npy.MAGIC):
        return _checked(npy.length(head, size))
    if size > MOST_COUNTED:
        found = f"the file has more than {MOST_COUNTED} bytes of JSON"
        raise UsageError(_WANTED, found, "save the points as an array by numpy.save")
    data = file.read(MOST_COUNTED)
    file.seek(0)
    if not json_size.fits(data, MOST_VALUES):
        found = f"the file has more than {MOST_VALUES} values in JSON"
        raise UsageError(_WANTED, found, "save the points as an array by numpy.save")
    return len(decode(data))


def decode(data: bytes) -> list[Any]:
    """The points in a file: a list in JSON, or an array of NumPy's, whose rows are points.

    Raises:
        UsageError: it is neither, or has none or too many points.
    """
    if len(data) > MOST_BYTES:
        found = f"the file has more than {MOST_BYTES} bytes"
        raise UsageError(_WANTED, found, _ADVICE)
    if data.startswith(npy.MAGIC):
        points: Any = npy.read(data)
    else:
        try:
            points = json.loads(data.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            found = f"the file is no JSON ({type(error).__name__}: {error})"
            raise UsageError(_WANTED, found[:200], _ADVICE) from None
    if not isinstance(points, list):
        raise UsageError(_WANTED, "the file has something else than a list", _ADVICE)
    _checked(len(points))
    return points


def _checked(number: int) -> int:
    if not 1 <= number <= MOST_POINTS:
        raise UsageError(_WANTED, f"the file has {number} points", _ADVICE)
    return number

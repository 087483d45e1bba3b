"""The points of a mapped job that failed, as its page shows them."""

from __future__ import annotations

from typing import Any, NamedTuple

from sciportal.jobs.store.job import Job
from sciportal.jobs.web.pages.terminal import plain


class Point(NamedTuple):
    """One that failed."""

    number: int
    """Its place among the points, counted from 0."""
    value: str
    error: str


class Failed(NamedTuple):
    """Those of a job."""

    sentence: str
    points: tuple[Point, ...]
    """The first of them."""


def of(job: Job) -> Failed | None:
    """What a job's page says of its points; None where it is not known.

    Args:
        job: any; see `failed_points` for what is known of it.
    """
    known = job.points_failed
    if not known:
        return None
    if not known["number"]:
        return Failed(f"All {known['points']} points have results.", ())
    points = tuple(map(_point, known["failed"]))
    sentence = f"{known['number']} of {known['points']} points failed."
    if len(points) < known["number"]:
        sentence += f" These are the first {len(points)}; failures.json has more."
    return Failed(sentence, points)


def _point(said: dict[str, Any]) -> Point:
    return Point(said["index"], plain(said["point"]), plain(said["error"]))

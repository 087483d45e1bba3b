"""Figures as people read them."""

from __future__ import annotations

import pytest

from sciportal.jobs.web.pages import figures


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (9_940, "9.9 kB"),
        (123_456, "123 kB"),
        (2_000_000_000, "2.0 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_size(count: int, shown: str) -> None:
    assert figures.size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1, "0 s"),
        (0, "0 s"),
        (0.25, "0.2 s"),
        (59, "59 s"),
        (61, "1 min 1 s"),
        (7500, "2 h 5 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert figures.duration(seconds) == shown


def test_times_of_the_store() -> None:
    at = 1_795_419_857_123_456
    assert figures.moment(at) == "2026-11-23 07:44:17"
    assert figures.machine_time(at) == "2026-11-23T07:44:17Z"
    assert figures.moment(None) == ""
    assert figures.span(at, at + 90_000_000) == "1 min 30 s"
    assert figures.span(at, at - 5) == "0 s"
    assert figures.span(None, at) == ""

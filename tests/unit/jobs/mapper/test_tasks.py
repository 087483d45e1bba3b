"""Points are shared out so that each belongs to exactly one task."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.jobs.mapper import tasks
from sciportal.service.errors import UsageError


@given(st.integers(1, 20_000), st.integers(1, 3_000))
def test_each_point_belongs_to_one_task(points: int, chunk: int) -> None:
    shared = tasks.share(points, chunk)
    assert [point for task in range(shared.number) for point in shared.span(task)] == list(
        range(points)
    )
    assert shared.number <= 1000
    assert shared.array == f"0-{shared.number - 1}"
    assert len(shared.span(0)) >= min(chunk, points)


def test_the_same_numbers_are_shared_in_the_same_way_again() -> None:
    once = tasks.share(1_000_000, 50)
    assert once.chunk == 1000
    assert tasks.share(once.points, once.chunk) == once


@pytest.mark.parametrize(("points", "chunk"), [(0, 1), (-1, 1), (1_000_001, 50), (10, 0)])
def test_numbers_out_of_bounds_are_refused(points: int, chunk: int) -> None:
    with pytest.raises(UsageError, match="share out"):
        tasks.share(points, chunk)


@pytest.mark.parametrize("task", [-1, 4, 10**9])
def test_a_task_that_is_none_is_refused(task: int) -> None:
    with pytest.raises(UsageError, match="make 4 tasks"):
        tasks.share(10, 3).span(task)


def test_a_confined_task_is_told_where_the_mapper_is() -> None:
    words = tasks.options("/opt/sciportal/bin/sciportal-map", 30)
    assert words[:2] == ("--read", "/opt/sciportal")
    assert f"{tasks.PROGRAM}=/opt/sciportal/bin/sciportal-map" in words
    assert f"{tasks.CHUNK}=30" in words

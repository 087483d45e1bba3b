"""Which points failed goes with the job, as far as its results are to be believed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs import samples
from sciportal.jobs import failed_points
from sciportal.jobs.files import JobFiles
from sciportal.jobs.mapper import failures
from sciportal.jobs.mapper.outcome import Failure
from sciportal.jobs.order import Map, Order
from sciportal.jobs.settings import Settings

MAP = Map(points=2000, chunk=50)


@pytest.fixture
def files(settings: Settings) -> JobFiles:
    return JobFiles(settings.state_dir, settings.limits)


@pytest.fixture
def left(files: JobFiles) -> Callable[[bytes], None]:
    """Makes the file of failures a result of job 1."""

    def made(data: bytes) -> None:
        with files.receive() as incoming:
            incoming.add(failures.NAME, io.BytesIO(data))
            assert files.complete(incoming, 1)

    return made


def order(**more: Any) -> Order:
    return samples.order(job=1, **more)


def told(number: int) -> bytes:
    return failures.dumps(
        2000, [Failure(each, each, "KeyError", 2) for each in range(number)]
    ).encode()


@pytest.mark.parametrize("number", [0, 1, 1500])
def test_a_few_are_kept_and_all_are_counted(
    files: JobFiles, left: Callable[[bytes], None], number: int
) -> None:
    left(told(number))
    said = failed_points.of_results(files, order(map=MAP))
    assert (said["points"], said["number"]) == (2000, number)
    assert [each["index"] for each in said["failed"]] == list(
        range(min(number, failed_points.MOST))
    )


def test_what_is_kept_is_small_however_large_the_file_is(
    files: JobFiles, left: Callable[[bytes], None]
) -> None:
    left(failures.dumps(2000, [Failure(1, "x" * 900, "E" * 900, 2)] * 2000).encode())
    said = failed_points.of_results(files, order(map=MAP))
    assert len(json.dumps(said)) < 20_000


@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 100_000, b" " * (failures.MOST_BYTES + 1)])
def test_a_hostile_file_says_nothing(
    files: JobFiles, left: Callable[[bytes], None], data: bytes
) -> None:
    left(data)
    assert failed_points.of_results(files, order(map=MAP)) == {}


def test_a_link_is_not_followed(
    files: JobFiles, left: Callable[[bytes], None], tmp_path: Path
) -> None:
    left(told(1))
    path = files.results_place(1) / failures.NAME
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert failed_points.of_results(files, order(map=MAP)) == {}


def test_a_job_without_points_has_none(files: JobFiles, left: Callable[[bytes], None]) -> None:
    assert failed_points.of_results(files, order(map=MAP)) == {}
    left(told(1))
    assert failed_points.of_results(files, order()) == {}

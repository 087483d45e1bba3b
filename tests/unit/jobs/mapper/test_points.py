"""Points are counted as the mapper reads them, at little cost whatever the file says."""

from __future__ import annotations

import io
import json
import struct

import numpy
import pytest

from sciportal.jobs.mapper import npy, points
from sciportal.jobs.order import MOST_POINTS
from sciportal.service.errors import UsageError


def saved(array: numpy.ndarray) -> bytes:
    file = io.BytesIO()
    numpy.save(file, array)
    return file.getvalue()


def claiming(shape: str, size: int = 100) -> bytes:
    """An array's file whose header says something of what follows."""
    said = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return npy.MAGIC + b"\x01\x00" + struct.pack("<H", len(said)) + said + b"\0" * size


@pytest.mark.parametrize(
    "data",
    [
        b"[1]",
        json.dumps([[1, 2], {"a": [3]}, "x"]).encode(),
        saved(numpy.zeros(7)),
        saved(numpy.zeros((5, 3), dtype="i4")),
        saved(numpy.zeros(200_000)),
    ],
)
def test_the_number_is_that_of_the_mapper(data: bytes) -> None:
    file = io.BytesIO(data)
    assert points.count(file) == len(points.decode(data))
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"{}", "something else"),
        (b"[]", "0 points"),
        (b"[" + b"{}," * MOST_POINTS + b"1]", f"{points.MOST_VALUES} values"),
        (b" " * points.MOST_COUNTED + b"[1]", "bytes of JSON"),
        (npy.MAGIC, "does not begin"),
        (claiming("(0,)"), "0 points"),
        (claiming("(1000000,)"), "cut off"),
        (claiming("(1099511627775, 1099511627775)"), "cut off"),
        (claiming("(-1,)"), "two dimensions"),
        (saved(numpy.zeros(MOST_POINTS + 1, dtype="i2")), f"{MOST_POINTS + 1} points"),
    ],
)
def test_a_file_that_is_none_is_refused(data: bytes, found: str) -> None:
    with pytest.raises(UsageError) as caught:
        points.count(io.BytesIO(data))
    assert found in caught.value.found


def test_too_many_points_are_told_where_they_are_evaluated() -> None:
    with pytest.raises(UsageError, match=f"{MOST_POINTS + 1} points"):
        points.decode(b"[" + b"1," * MOST_POINTS + b"1]")


def test_a_mark_of_the_encoding_is_no_matter() -> None:
    assert points.count(io.BytesIO("\ufeff[1, 2]".encode())) == 2

"""The file of failed points is read as what a hostile job wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sciportal.jobs.mapper import failures
from sciportal.jobs.mapper.outcome import Failure
from sciportal.service.errors import UsageError

GOOD: dict[str, Any] = {
    "format": 1,
    "points": 10,
    "number": 1,
    "failed": [{"index": 1, "point": "2.5", "error": "ValueError", "attempts": 2}],
}


def test_what_is_written_is_read() -> None:
    failed = [Failure(3, {"thickness": "x" * 500}, "E" * 900, 2), Failure(5, 0.5, "KeyError", 1)]
    said = failures.loads(failures.dumps(10, failed).encode())
    assert (said["points"], said["number"]) == (10, 2)
    first, second = said["failed"]
    assert (first["index"], len(first["point"]), len(first["error"])) == (3, 200, 500)
    assert second == {"index": 5, "point": "0.5", "error": "KeyError", "attempts": 1}


def test_no_more_than_a_thousand_are_named_and_all_are_counted() -> None:
    text = failures.dumps(5000, [Failure(each, each, "E", 2) for each in range(2000)])
    said = failures.loads(text.encode())
    assert (said["number"], len(said["failed"])) == (2000, 1000)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"points": 0},
        {"number": -1},
        {"number": 0},
        {"number": 11},
        {"failed": GOOD["failed"] * 1001},
        {"failed": [GOOD["failed"][0] | {"error": "E" * 501}]},
        {"failed": [GOOD["failed"][0] | {"point": 2.5}]},
        {"failed": [GOOD["failed"][0] | {"point": "\0"}]},
        {"failed": [GOOD["failed"][0] | {"index": True}]},
        {"failed": [GOOD["failed"][0] | {"index": 10}]},
        {"failed": [GOOD["failed"][0] | {"more": 1}]},
        {"failed": {}},
        {"more": 1},
    ],
)
def test_another_form_is_refused(change: dict[str, Any]) -> None:
    assert failures.loads(json.dumps(GOOD).encode())
    with pytest.raises(UsageError, match=r"failures\.json"):
        failures.loads(json.dumps(GOOD | change).encode())


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 100_000, b"[]", b" " * (1 << 22) + b"{}"])
def test_another_text_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"failures\.json"):
        failures.loads(data)

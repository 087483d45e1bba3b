"""What a portal and its workers say survives the way, and nothing else is taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sciportal.jobs import exchange
from sciportal.jobs.exchange import Ask, Beat, Holding, Pulse, Report, Written
from sciportal.jobs.states import Cause
from sciportal.service.errors import UsageError

SUM = "0" * 64


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (Ask("cluster2", "ab12", 3, (1, 2)), exchange.ask),
        (Beat("cluster2", (Holding(17, 2, True), Holding(18, 1))), exchange.beat),
        (Beat("c", (Holding(1, 1),), (Written.of(1, 1, "stderr", 9, b"a\xff\0"),)), exchange.beat),
        (Pulse((1,), (2, 3), 7.5), exchange.pulse),
        (Report(2, Cause.FINISHED, 3, "", {"user_seconds": 1.5}, SUM), exchange.report),
        (Report(1, Cause.LOST, None, "its node died"), exchange.report),
    ],
)
def test_what_is_said_is_what_is_read(said: Any, read: Callable[[object], Any]) -> None:
    assert read(json.loads(json.dumps(exchange.to_json(said)))) == said


GOOD = exchange.to_json(Report(1, Cause.FINISHED, 0, "", {}, SUM))


@pytest.mark.parametrize(
    "change",
    [
        {"exit": None},
        {"exit": 256},
        {"exit": True},
        {"cause": "started"},
        {"cause": "lost"},
        {"attempt": 0},
        {"reason": "x" * 1001},
        {"usage": {"memory": "much"}},
        {"usage": {"seconds": float("nan")}},
        {"usage": [1]},
        {"sha256": "0" * 63},
        {"sha256": "../" + "0" * 61},
        {"more": 1},
    ],
)
def test_a_wrong_report_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        exchange.report({**GOOD, **change})


@pytest.mark.parametrize(
    "running", [None, [1], [{"job": 1}], [{"job": -1, "attempt": 1}], [{"job": 1, "attempt": 0}]]
)
def test_a_wrong_heartbeat_is_refused(running: object) -> None:
    with pytest.raises(UsageError):
        exchange.beat({"worker": "cluster2", "running": running})


@pytest.mark.parametrize("worker", ["", "../x", "a b", "a\n", "ä", None, 3])
def test_a_worker_has_a_name(worker: object) -> None:
    with pytest.raises(UsageError):
        exchange.ask({"worker": worker, "request": "x", "room": 1, "running": []})


def test_results_are_told_by_names_sizes_and_sums_in_any_order() -> None:
    files = [("b", 1, "1" * 64), ("a", 2, "2" * 64)]
    assert exchange.digest(files) == exchange.digest(reversed(files))
    others = {
        exchange.digest([("b", 1, "1" * 64)]),
        exchange.digest([("c", 1, "1" * 64), files[1]]),
        exchange.digest([("b", 2, "1" * 64), files[1]]),
        exchange.digest([("b", 1, "3" * 64), files[1]]),
        exchange.digest([]),
    }
    assert len(others | {exchange.digest(files)}) == 6

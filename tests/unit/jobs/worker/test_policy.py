"""What a cluster does not let a portal have done."""

from __future__ import annotations

from typing import Any

import pytest

from sciportal.jobs.order import InputFile, Limits, Order, Resources
from sciportal.jobs.worker import policy, settings
from unit.jobs.worker.orders import order
from unit.jobs.worker.test_settings import GOOD

HERE = settings.of(
    {
        **GOOD,
        "read": ["/opt/science"],
        "partition": "far",
        "profile": "worker//slot1",
        "limits": {
            "cpu_seconds": 100,
            "minutes": 10,
            "cpus": 4,
            "memory_mb": 2000,
            "inputs_bytes": 10,
        },
    },
    "here",
)


@pytest.mark.parametrize(
    "asked",
    [
        {"network": True},
        {"read": ("/etc",)},
        {"read": ("/opt/science", "/opt/sciencefiction")},
        {"read": ("/",)},
        {"resources": Resources(cpus=5)},
        {"resources": Resources(tasks=5)},
        {"resources": Resources(memory_mb=2001)},
        {"files": (InputFile("a", 6, "0" * 64), InputFile("b", 5, "0" * 64))},
    ],
)
def test_what_is_over_the_limit_is_refused(asked: dict[str, Any]) -> None:
    assert "cluster" in policy.refusal(order(**asked), HERE)


def test_what_is_within_is_done() -> None:
    asked: Order = order(
        read=("/opt/science/bumps",),
        resources=Resources(cpus=4, memory_mb=2000),
        files=(InputFile("a", 10, "0" * 64),),
    )
    assert policy.refusal(asked, HERE) == ""


def test_the_smaller_limit_holds_and_names_are_this_clusters() -> None:
    asked = order(
        limits=Limits(cpu_seconds=1000, file_bytes=5),
        resources=Resources(minutes=100, partition="near"),
        profile="theirs",
        listener="http://web:8098/notify",
        token="abc",  # noqa: S106  # of nothing
    )
    made = policy.admitted(asked, HERE)
    assert (made.limits.cpu_seconds, made.limits.file_bytes) == (100, 5)
    assert (made.resources.minutes, made.resources.partition) == (10, "far")
    assert (made.profile, made.listener, made.token) == ("worker//slot1", "", "")

"""Confined jobs on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from batch.own_slurm import own_slurm as own_slurm
from confined.place import Place, made


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """Where jobs are."""
    with made() as place:
        yield place


@pytest.fixture(scope="module")
def offered(place: Place) -> Any:
    """What this machine offers to the account."""
    return place.probe()


@pytest.fixture(params=["bubblewrap", "landlock"])
def layer(request: pytest.FixtureRequest, offered: Any) -> str:
    """Each layer."""
    name: str = request.param
    if not offered[name]["works"]:
        pytest.skip(f"this machine has no {name}: {offered[name]}")
    return name

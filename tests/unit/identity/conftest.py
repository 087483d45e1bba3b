"""Fixtures: access.lua and what belongs to it, run by the real Lua."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.identity.standin import Apache
from unit.identity.test_accounts import MAP


@pytest.fixture
def apache(tmp_path: Path) -> Iterator[Apache]:
    """Apache's part, with nobody signed in yet."""
    made = Apache(tmp_path / "state", MAP)
    yield made
    made.end()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apache]:
    """The same for all tests of a file."""
    made = Apache(tmp_path_factory.mktemp("lasting") / "state", MAP)
    yield made
    made.end()

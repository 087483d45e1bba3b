"""A portal with clusters far away."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.far import Far, made


@pytest.fixture
def far(sqlite_template: Path, tmp_path: Path) -> Iterator[Far]:
    """A portal that answers, without clusters and jobs; nothing of it lives afterwards."""
    path = tmp_path / "portal.sqlite"
    shutil.copy(sqlite_template, path)
    with made(f"sqlite:///{path}") as far:
        yield far
    assert far.living() == []


@pytest.fixture
def every_far(database_url: str) -> Iterator[Far]:
    """The same on each kind of database."""
    with made(database_url) as far:
        yield far
    assert far.living() == []

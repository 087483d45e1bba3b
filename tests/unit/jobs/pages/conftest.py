"""What pages show does not depend on where it is kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """A migrated database without jobs."""
    path = tmp_path / "portal.sqlite"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"

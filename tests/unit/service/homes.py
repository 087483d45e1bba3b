"""Looking into directories."""

from __future__ import annotations

from pathlib import Path


def names(directory: Path) -> list[str]:
    """What lies in a directory, sorted."""
    return sorted(path.name for path in directory.iterdir())

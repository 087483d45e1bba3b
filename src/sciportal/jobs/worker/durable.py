"""Files that are there, whole, after the power failed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def write(path: Path, data: bytes) -> None:
    """Put a file in the place of another one: a reader, and a crash, find the old or the new.

    Raises:
        OSError: it could not be written; what was there still is.
    """
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync(path.parent)


def remove(path: Path) -> None:
    """Remove a file, if it is there.

    Raises:
        OSError: it could not be removed.
    """
    path.unlink(missing_ok=True)
    sync(path.parent)


def sync(directory: Path) -> None:
    """Have what is in a directory, by name, reach the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

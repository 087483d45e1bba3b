"""Writing files that others read at any time."""

from __future__ import annotations

import os
from pathlib import Path


def replace(path: Path, text: str) -> None:
    """Write `text` to `path` so that a reader sees the old text or the new, whole.

    The file can be read by everybody who reaches its directory.

    Raises:
        OSError: it could not be written; the old text is still there.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_if_changed(path: Path, text: str) -> bool:
    """Write `text` to `path` unless it says so already.

    Returns:
        Whether it was written. Apache reads a map anew only when its file has changed.

    Raises:
        OSError: as for `replace`.
    """
    try:
        if path.read_text(encoding="utf-8", errors="surrogateescape") == text:
            return False
    except FileNotFoundError:
        pass
    replace(path, text)
    return True

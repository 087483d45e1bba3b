"""Brings Apache the authorities and the lists of revoked certificates as they are now."""

from __future__ import annotations

from pathlib import Path

from sciportal.frontend import files
from sciportal.frontend.apache import Apache


def install(state: Path, wanted: dict[str, str], apache: Apache | None) -> bool:
    """Put files in place that Apache reads when it is reloaded.

    Args:
        state: their directory.
        wanted: their texts by name.
        apache: which to try them with, and to reload; None where nobody reads them yet.

    Returns:
        Whether anything changed.

    Raises:
        ServiceError: Apache does not take them; it has the old ones again.
        OSError: they cannot be written.
    """
    old = {name: _text(state / name) for name in wanted}
    if old == wanted:
        return False
    try:
        for name, text in wanted.items():
            files.replace(state / name, text)
        if apache:
            apache.reload()
    except BaseException:
        for name, before in old.items():
            if before is not None:
                files.replace(state / name, before)
        raise
    return True


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return None

"""The secret of this site, with which tokens are made and checked."""

from __future__ import annotations

import os
from pathlib import Path

from sciportal.service.errors import UsageError

LEAST = 32
"""Bytes."""
_MOST = 4096


def read(path: str | os.PathLike[str]) -> bytes:
    """What the file of the secret holds.

    Raises:
        UsageError: it cannot be read, others can read it, or it is too short to be one.
    """
    wanted, advice = f"read the secret {path}", "run the role job_portal, which makes it"
    try:
        with Path(path).open("rb") as file:
            open_to_others = os.fstat(file.fileno()).st_mode & 0o007
            secret = file.read(_MOST).strip()
    except OSError as error:
        raise UsageError(wanted, error.strerror or str(error), advice) from error
    if open_to_others:
        raise UsageError(wanted, "everybody on this host may use it", advice)
    if len(secret) < LEAST:
        raise UsageError(wanted, f"it has less than {LEAST} bytes", advice)
    return secret

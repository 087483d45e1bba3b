"""The archive that a purge leaves of what it removes."""

from __future__ import annotations

import os
import time

from sciportal.light import TYPE_CHECKING
from sciportal.service.home import Home, explained
from sciportal.service.layout import ARCHIVES

if TYPE_CHECKING:
    from collections.abc import Sequence

_PARTIAL = ".partial"
_ARCHIVE = r"-[0-9]{8}T[0-9]{6}Z(-[0-9]+)?\.tar\.gz"


def write(home: Home, service: str, files: Sequence[str], now: float) -> str:
    """Write a tar archive of files, all or nothing, and return its path relative to the home.

    Args:
        home: of the account.
        service: named in the archive's name.
        files: paths relative to the home; links are kept as links.
        now: seconds since the epoch.

    Raises:
        ServiceError: there is no room, or a file cannot be read; no part of it is left.
    """
    import tarfile

    home.make_directory(ARCHIVES)
    _remove_partial(home, service)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    relative = f"{ARCHIVES}/{service}-{stamp}.tar.gz"
    number = 1
    while home.is_there(relative):
        number += 1
        relative = f"{ARCHIVES}/{service}-{stamp}-{number}.tar.gz"
    path = home.path(relative)
    partial = path + _PARTIAL
    with explained(f"the archive {path}"):
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz", dereference=False) as archive:
                    for each in files:
                        archive.add(home.path(each), arcname=each)
                file.flush()
                os.fsync(file.fileno())
            os.rename(partial, path)
        except BaseException:
            if os.path.exists(partial):
                os.unlink(partial)
            raise
    return relative


def _remove_partial(home: Home, service: str) -> None:
    """Remove what a purge of the service that was killed left: its lock is ours now."""
    import re

    pattern = re.compile(re.escape(service) + _ARCHIVE + re.escape(_PARTIAL))
    for name in home.names(ARCHIVES):
        if pattern.fullmatch(name):
            home.remove(f"{ARCHIVES}/{name}")

"""What of an application is there, and what a running instance has loaded of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sciportal.apps.place import Place
from sciportal.frontend import files

_LIMIT = 4096


class Loaded(NamedTuple):
    """Fingerprints of the configuration and of the release."""

    ini: str
    source: str


def present(place: Place, release: Path) -> Loaded:
    """The fingerprints of what is there.

    Args:
        place: of the application.
        release: the directory of the release.

    Raises:
        OSError: something of it cannot be read.
    """
    return Loaded(hashlib.sha256(place.ini.read_bytes()).hexdigest(), of_tree(release))


def of_tree(directory: Path) -> str:
    """A fingerprint of a directory: names, sizes and times of its files, not their content.

    Python's own compiled files do not count, since running the application writes them.

    Raises:
        OSError: it cannot be read.
    """
    real = directory.resolve(strict=True)
    found = hashlib.sha256(os.fsencode(real))
    for line in sorted(_lines(real)):
        found.update(line)
    return found.hexdigest()


def _lines(directory: Path) -> Iterator[bytes]:
    for place, directories, names in os.walk(directory):
        directories[:] = [name for name in directories if name != "__pycache__"]
        for name in (*names, *directories):
            path = Path(place, name)
            seen = path.lstat()
            kept = (seen.st_size, seen.st_mtime_ns) if name in names else ()
            yield os.fsencode(f"{path.relative_to(directory)}\0{seen.st_mode}\0{kept}\n")


def write(place: Place, pid: int, loaded: Loaded) -> None:
    """Note what the instance whose master has that process id has loaded.

    Raises:
        OSError: it could not be written.
    """
    files.replace(place.loaded, json.dumps({"pid": pid, **loaded._asdict()}) + "\n")


def read(place: Place, pid: int) -> Loaded | None:
    """What that instance has loaded; None where nobody noted it."""
    try:
        with place.loaded.open("rb") as file:
            found = json.loads(file.read(_LIMIT))
        return Loaded(str(found["ini"]), str(found["source"])) if found["pid"] == pid else None
    except (OSError, ValueError, KeyError, TypeError):
        return None

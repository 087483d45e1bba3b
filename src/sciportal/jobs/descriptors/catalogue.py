"""All applications of a site, read again when a file of them changes."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from sciportal.jobs import names
from sciportal.jobs.descriptors import document, render
from sciportal.jobs.descriptors.document import Descriptor
from sciportal.service.errors import ServiceError, UsageError

_LOG = logging.getLogger(__name__)
_SUFFIXES = (".yml", ".yaml")
_MOST_BYTES = 1 << 20

_Print = tuple[tuple[str, int, int, int], ...]


class Mistake(NamedTuple):
    """A description that is not used."""

    name: str
    """Of the application, by its file."""
    path: Path
    sentence: str


class _State(NamedTuple):
    print: _Print
    applications: Mapping[str, Descriptor]
    mistakes: tuple[Mistake, ...]


class Catalogue:
    """The applications in some directories; threads may share it.

    A description with a mistake stops its application, and no other; it is logged once.

    Args:
        directories: with files NAME.yml; of two with the same name, that in the first counts.
    """

    def __init__(self, directories: Iterable[Path]) -> None:
        self._directories = tuple(directories)
        self._lock = threading.Lock()
        self._state: _State | None = None

    def applications(self) -> Mapping[str, Descriptor]:
        """All applications by name, as the files are now."""
        return self._fresh().applications

    def mistakes(self) -> tuple[Mistake, ...]:
        """What is not used and why, for operators."""
        return self._fresh().mistakes

    def get(self, name: str) -> Descriptor:
        """The application of this name.

        Raises:
            UsageError: there is none.
        """
        found = self.applications().get(name)
        if found is None:
            said = names.shown(name)
            raise UsageError("an application", f"there is no {said}", "look at the list of them")
        return found

    def _fresh(self) -> _State:
        files, unread = _files(self._directories)
        with self._lock:
            present = (*_fingerprint(files), *((str(each.path), 0, 0, 0) for each in unread))
            if self._state is None or self._state.print != present:
                self._state = _load(files, unread, present)
            return self._state


def _files(directories: Iterable[Path]) -> tuple[list[Path], list[Mistake]]:
    files: list[Path] = []
    unread = []
    for directory in directories:
        try:
            inside = sorted(os.listdir(directory))
        except OSError as error:
            unread.append(Mistake("", directory, f"{directory}: {error.strerror}"))
            continue
        files += [directory / name for name in inside if name.endswith(_SUFFIXES)]
    return files, unread


def _fingerprint(files: Iterable[Path]) -> _Print:
    """What changes when a file does."""
    seen = []
    for path in files:
        try:
            found = path.stat()
        except OSError:
            seen.append((str(path), 0, 0, 0))
        else:
            seen.append((str(path), found.st_mtime_ns, found.st_size, found.st_ino))
    return tuple(seen)


def _load(files: Iterable[Path], unread: Iterable[Mistake], present: _Print) -> _State:
    applications: dict[str, Descriptor] = {}
    mistakes = list(unread)
    for path in files:
        try:
            descriptor = _read(path)
            if descriptor.name in applications:
                found = "another file describes it, too, and comes first"
                raise document.mistake(descriptor.name, found)
            applications[descriptor.name] = descriptor
        except (ServiceError, OSError, UnicodeDecodeError) as error:
            mistakes.append(Mistake(path.stem, path, str(error)))
    for mistake in mistakes:
        _LOG.warning("%s is not used: %s", mistake.path, mistake.sentence)
    return _State(present, applications, tuple(mistakes))


def _read(path: Path) -> Descriptor:
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise document.mistake(path.stem, f"it is longer than {_MOST_BYTES} bytes")
    descriptor = document.parse(data.decode("utf-8"), path.stem)
    render.check(descriptor)
    return descriptor

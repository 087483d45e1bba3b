"""Files that are coming in, kept aside until all are here and are what they may be."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from sciportal.jobs import names
from sciportal.jobs.errors import NoRoomError, TooLargeError
from sciportal.jobs.order import InputFile
from sciportal.service.errors import UsageError

_CHUNK = 1 << 18
# What a file system says that has no room, or gives this account none.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Readable(Protocol):
    """What can be read piece by piece."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may come in."""

    total_bytes: int
    file_bytes: int
    files: int
    fits: Callable[[str], bool]
    """Whether a path may be a file's."""


class Incoming:
    """A directory that fills up; nobody sees it before it is complete.

    Args:
        directory: where it may be made; nothing is there.
        bounds: what may come in.
    """

    def __init__(self, directory: Path, bounds: Bounds) -> None:
        self._directory = directory
        self._bounds = bounds
        self._files: dict[str, InputFile] = {}
        self._made = False

    @property
    def directory(self) -> Path:
        """Where the files are for now; made when somebody asks.

        Raises:
            NoRoomError: the disk is full.
        """
        if not self._made:
            with no_room("keep files"):
                for each in (self._directory.parents[1], self._directory.parent, self._directory):
                    each.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._made = True
        return self._directory

    @property
    def files(self) -> tuple[InputFile, ...]:
        """What came so far, by name."""
        return tuple(self._files[name] for name in sorted(self._files))

    def add(self, path: str, source: Readable | Iterable[bytes]) -> InputFile:
        """Take a file, piece by piece.

        Args:
            path: where it belongs, below the directory.
            source: of its bytes; it is left where the bounds are passed.

        Raises:
            UsageError: the path may not be a file's, or came before.
            TooLargeError: there are too many bytes, or files.
            NoRoomError: the disk is full.
        """
        self._check(path)
        target = self.directory / path
        digest = hashlib.sha256()
        size, left = 0, self._bounds.total_bytes - sum(each.size for each in self._files.values())
        with no_room("keep a file"):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _new(target) as file:
                for chunk in _chunks(source):
                    size += len(chunk)
                    if size > min(left, self._bounds.file_bytes):
                        raise self._too_large(path, size > left)
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        added = InputFile(path, size, digest.hexdigest())
        self._files[path] = added
        return added

    def outlive(self) -> None:
        """Have all that came outlive a power cut."""
        if self._made:
            for folder, _folders, _files in os.walk(self._directory.parent):
                flush(Path(folder))

    def _check(self, path: str) -> None:
        shown = names.shown(path)
        if not self._bounds.fits(path):
            raise UsageError("keep a file", f"{shown} is no name of one", "give it another name")
        clash = path in self._files or (self._directory / path).exists()
        above = [parent.as_posix() for parent in Path(path).parents]
        if clash or any(each in self._files for each in above):
            raise UsageError("keep a file", f"{shown} came twice", "give each a name of its own")
        if len(self._files) >= self._bounds.files:
            raise TooLargeError(
                "keep a file", f"there are more than {self._bounds.files}", "send fewer"
            )

    def _too_large(self, path: str, together: bool) -> TooLargeError:
        most = self._bounds.total_bytes if together else self._bounds.file_bytes
        what = "all files together have" if together else f"{names.shown(path)} has"
        return TooLargeError("keep a file", f"{what} more than {most} bytes", "send less")


def _new(target: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(target, flags, 0o600), "wb")


def _chunks(source: Readable | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(source, Iterable) and not hasattr(source, "read"):
        return source
    readable: Readable = source  # type: ignore[assignment]  # the other kind has returned
    return iter(lambda: readable.read(_CHUNK), b"")


@contextmanager
def no_room(wanted: str) -> Iterator[None]:
    """Says that the disk is full where the system does.

    Raises:
        NoRoomError: it is.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        found = f"the portal's disk has no room ({os.strerror(error.errno or 0)})"
        raise NoRoomError(wanted, found, "try again later, and tell the operators") from error


@contextmanager
def aside(parent: Path, name: str, bounds: Bounds) -> Iterator[Incoming]:
    """A directory for what comes in; what was not moved away is removed in the end.

    Args:
        parent: in which it is, as RANDOM/NAME.
        name: what it will be called in a job's own directory.
        bounds: what may come in.
    """
    directory = parent / secrets.token_hex(16)
    try:
        yield Incoming(directory / name, bounds)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def flush(directory: Path) -> None:
    """Have what stands in a directory outlive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

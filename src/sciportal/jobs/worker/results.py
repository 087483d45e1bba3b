"""What a job made, found and measured. A hostile program made it; nothing of it is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sciportal.jobs import exchange, names
from sciportal.jobs.script import ERR, OUT, WORK
from sciportal.jobs.worker import inputs, measure
from sciportal.jobs.worker.multipart import Part

STREAMS = (OUT, ERR)
_MOST_FILES = 1000
_STREAM_BYTES = 64 << 20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Results(NamedTuple):
    """What is sent."""

    parts: tuple[Part, ...]
    sha256: str
    """What tells them from any others."""
    omitted: str
    """For people: what is not sent, and why; empty where all is."""


def of(directory: Path, patterns: Sequence[str], most: int) -> Results:
    """The results of a job that ended.

    Args:
        directory: the job's.
        patterns: which files of its work are results, as fnmatch(3) has them, from there.
        most: bytes that are sent.

    Raises:
        OSError: they cannot be read.
    """
    parts: list[Part] = []
    omitted: list[str] = []
    size = 0
    for name, path in _candidates(directory, patterns):
        try:
            part = _part(name, directory, path)
        except OSError as error:
            omitted.append(f"{name} ({error.strerror})")
            continue
        if size + part.size > most or len(parts) == _MOST_FILES:
            omitted.append(f"{name} (over the limit of {most} bytes and {_MOST_FILES} files)")
            continue
        size += part.size
        parts.append(part)
    told = [(part.name, part.size, _digest(part)) for part in parts]
    return Results(tuple(parts), exchange.digest(told) if told else "", _listed(omitted))


def _listed(omitted: list[str]) -> str:
    if not omitted:
        return ""
    more = f" and {len(omitted) - 3} more" if len(omitted) > 3 else ""
    return f"not sent: {', '.join(omitted[:3])}{more}"


def _candidates(directory: Path, patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Names of results, and their paths in the job's directory."""
    for stream in STREAMS:
        if (directory / stream).exists():
            yield stream, stream
    for name in _files(str(directory / WORK), ""):
        if name not in STREAMS and any(fnmatchcase(name, each) for each in patterns):
            yield name, f"{WORK}/{name}"


def _files(directory: str, prefix: str) -> Iterator[str]:
    """Files that have a name that a result may have, in the order of names."""
    here = measure.opened(directory)
    try:
        with os.scandir(here) as listed:
            found = sorted((each.name, each.is_dir(follow_symlinks=False)) for each in listed)
    finally:
        os.close(here)
    for name, is_directory in found:
        path = f"{prefix}{name}"
        if not names.is_path(path):
            continue
        if is_directory:
            yield from _files(f"{directory}/{name}", f"{path}/")
        else:
            yield path


def _part(name: str, directory: Path, path: str) -> Part:
    with _opened(directory, path) as file:
        size = os.fstat(file.fileno()).st_size
    if name in STREAMS:
        size = min(size, _STREAM_BYTES)
    return Part(name, lambda: _opened(directory, path), size)


def _opened(directory: Path, path: str) -> BinaryIO:
    """Open a file by steps, none of which is a link.

    Raises:
        OSError: it is none that a job made for itself.
    """
    *above, last = path.split("/")
    here = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for each in above:
            inner = os.open(each, _FLAGS | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = inner
        descriptor = os.open(last, _FLAGS, dir_fd=here)
    finally:
        os.close(here)
    status = os.fstat(descriptor)
    # A second name may be that of a file of the worker's own.
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        os.close(descriptor)
        raise OSError(0, "no plain file", path)
    return os.fdopen(descriptor, "rb")


def _digest(part: Part) -> str:
    with part.open() as file:
        return inputs.digest(file, part.size)

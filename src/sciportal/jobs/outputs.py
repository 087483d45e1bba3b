"""The outputs of a job that ended. A hostile program made them; nothing of it is followed."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from sciportal.jobs import names, script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_FILES = 1000
STREAM_BYTES = 64 << 20
"""Of stdout and of stderr each; the rest is left out."""

_STREAMS = (script.OUT, script.ERR)
_MOST_LOOKED_AT = 100_000
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Output(NamedTuple):
    """One of them."""

    name: str
    """Of the result, perhaps with directories."""
    path: str
    """In the job's directory."""
    size: int
    """Bytes that are copied."""


class Outputs(NamedTuple):
    """All of them."""

    files: tuple[Output, ...]
    left_out: tuple[str, ...]
    """Sentences: which are not copied, and why."""


def find(directory: str, patterns: Sequence[str], most: int) -> Outputs:
    """What of a job's directory is to be copied.

    Args:
        directory: the job's.
        patterns: which files of its work are outputs, as fnmatch(3) has them without FNM_PATHNAME.
        most: bytes that are copied.

    Raises:
        OSError: the directory cannot be read.
    """
    files: list[Output] = []
    left_out: list[str] = []
    size = 0
    for name, path in _candidates(directory, patterns, left_out):
        try:
            with opened(directory, path) as file:
                length = os.fstat(file.fileno()).st_size
        except OSError as error:
            left_out.append(f"{name}: {error.strerror}")
            continue
        if name in _STREAMS and length > STREAM_BYTES:
            left_out.append(f"{name}: what is beyond {STREAM_BYTES} bytes")
            length = STREAM_BYTES
        if size + length > most:
            left_out.append(f"{name}: the results would be larger than {most} bytes")
        elif len(files) == MOST_FILES:
            left_out.append(f"{name}: there would be more than {MOST_FILES} results")
        else:
            size += length
            files.append(Output(name, path, length))
    return Outputs(tuple(files), tuple(left_out[:MOST_FILES]))


def opened(directory: str, path: str) -> BinaryIO:
    """Open a file of a job step by step, none of which is a link.

    Args:
        directory: the job's.
        path: below it.

    Raises:
        OSError: it is not a plain file that has one name.
    """
    *above, last = path.split("/")
    here = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for each in above:
            inner = os.open(each, _FLAGS | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = inner
        found = os.open(last, _FLAGS, dir_fd=here)
    finally:
        os.close(here)
    status = os.fstat(found)
    # Another name of a file may be outside of the job's directory.
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        os.close(found)
        raise OSError(0, "it is no plain file with one name", path)
    return os.fdopen(found, "rb")


def _candidates(
    directory: str, patterns: Sequence[str], left_out: list[str]
) -> Iterator[tuple[str, str]]:
    for stream in _STREAMS:
        if os.path.lexists(os.path.join(directory, stream)):
            yield stream, stream
    paths = _below(os.path.join(directory, script.WORK), "")
    for number, path in enumerate(paths):
        if number == _MOST_LOOKED_AT:
            left_out.append(f"all beyond the first {_MOST_LOOKED_AT} files of the job")
            return
        if path not in _STREAMS and any(fnmatchcase(path, each) for each in patterns):
            yield path, f"{script.WORK}/{path}"


def _below(directory: str, prefix: str) -> Iterator[str]:
    """Paths below a directory that results may have; what is hidden is not among them."""
    with suppress(OSError):
        here = os.open(directory, _FLAGS | os.O_DIRECTORY)
        try:
            with os.scandir(here) as listed:
                found = sorted((each.name, each.is_dir(follow_symlinks=False)) for each in listed)
        finally:
            os.close(here)
        for name, is_directory in found:
            path = f"{prefix}{name}"
            if names.is_path(path):
                if is_directory:
                    yield from _below(f"{directory}/{name}", f"{path}/")
                else:
                    yield path

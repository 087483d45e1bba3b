"""How much a job has written: a walk through what a hostile program made."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import NamedTuple

_DEEPEST = 64


class Amount(NamedTuple):
    """Of files below a directory."""

    size: int
    """Bytes; those on disk or those that files say, whichever is less, so holes are free."""
    number: int
    """Files, directories and the like."""
    problem: str = ""
    """What keeps the rest from being counted; empty where all was."""


def below(directory: str, most: int) -> Amount:
    """Measure a tree; a link is counted and not followed.

    Args:
        directory: where it begins.
        most: number of files past which counting ends.
    """
    size = number = 0
    waiting = [(directory, 0)]
    while waiting:
        path, depth = waiting.pop()
        if depth > _DEEPEST:
            return Amount(size, number, f"directories are nested more than {_DEEPEST} deep")
        try:
            here = opened(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            return Amount(size, number, f"a directory cannot be read: {error.strerror}")
        try:
            with os.scandir(here) as listed:
                for each in listed:
                    number += 1
                    if number > most:
                        return Amount(size, number, f"there are more than {most} files")
                    with suppress(FileNotFoundError):
                        status = os.stat(each.name, dir_fd=here, follow_symlinks=False)
                        size += min(status.st_blocks * 512, max(status.st_size, 0))
                        if stat.S_ISDIR(status.st_mode):
                            waiting.append((f"{path}/{each.name}", depth + 1))
        finally:
            os.close(here)
    return Amount(size, number)


def opened(path: str) -> int:
    """Open a directory of the job's, also one that it closed to hide what is in it.

    Raises:
        OSError: it is none, or cannot be opened.
    """
    flags = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, os.O_RDONLY | flags)
    except PermissionError:
        held = os.open(path, os.O_PATH | flags)
    try:
        # By the descriptor: the name may lead elsewhere by now.
        os.chmod(f"/proc/self/fd/{held}", 0o700)
        return os.open(f"/proc/self/fd/{held}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    finally:
        os.close(held)

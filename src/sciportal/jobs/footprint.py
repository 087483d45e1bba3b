"""How much memory a process and all it started hold, and how much of a disk a directory takes."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

_KILOBYTE = 1024
_BLOCK = 512
# A job may have made any number of files; counting them may not last.
_MOST_FILES = 100_000


def of_family(pid: int) -> int:
    """The memory of a process and of those below it, in bytes; what ends meanwhile counts 0.

    What several share counts once, in equal parts (Pss), where the kernel lets us see that, else
    once for each (Rss). See proc(5).
    """
    family = [pid]
    for each in family:
        family += _children(each)
    return sum(_memory(each) for each in family)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children") as file:
                found += [int(word) for word in file.read().split()]
    return found


def _memory(pid: int) -> int:
    for name, mark in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        with suppress(OSError), open(f"/proc/{pid}/{name}") as file:
            for line in file:
                if line.startswith(mark):
                    return int(line.split()[1]) * _KILOBYTE
    return 0


def of_directory(path: str) -> tuple[int, int]:
    """The bytes that a directory's files take on the disk, and how many they are.

    No link is followed. What cannot be read is left out, and what is beyond 100,000 files.
    """
    size = files = 0
    left = [path]
    while left:
        with suppress(OSError), os.scandir(left.pop()) as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(found.st_mode):
                    left.append(entry.path)
                    continue
                size += found.st_blocks * _BLOCK
                files += 1
                if files >= _MOST_FILES:
                    return size, files
    return size, files

"""What the tasks of a mapped job have done so far: a line for each point, in a file for each task.

A line is written whole, so a task that is killed leaves all it has done, and one that is started
again goes on from there.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Any

from sciportal.jobs.mapper.outcome import Outcome

DIRECTORY = ".map"


class Record:
    """The file of one task.

    Args:
        task: its number, or another name.

    Raises:
        OSError: it cannot be made or read.
    """

    def __init__(self, task: str) -> None:
        os.makedirs(DIRECTORY, exist_ok=True)
        path = os.path.join(DIRECTORY, f"{task}.jsonl")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        # Whoever was killed while it wrote left a part of a line.
        with open(path, "rb") as file:
            whole = file.read()
        os.ftruncate(self._file, whole.rfind(b"\n") + 1)

    def add(self, outcome: Outcome) -> None:
        """Write down what became of a point."""
        said: dict[str, Any] = {"index": outcome.index}
        said |= {"error": outcome.error} if outcome.error else {"value": outcome.value}
        left = memoryview(json.dumps(said, separators=(",", ":")).encode() + b"\n")
        while left:
            left = left[os.write(self._file, left) :]

    def close(self) -> None:
        """Have all of it on the disk, which other nodes read."""
        os.fsync(self._file)
        os.close(self._file)


def read(task: str) -> dict[int, Outcome]:
    """What a task has written down; nothing where it never began."""
    found: dict[int, Outcome] = {}
    with suppress(FileNotFoundError), open(os.path.join(DIRECTORY, f"{task}.jsonl"), "rb") as file:
        for line in file:
            # The function may have written here as well, or the disk was full in the middle.
            with suppress(ValueError, TypeError, KeyError, RecursionError):
                said = json.loads(line)
                outcome = Outcome(int(said["index"]), said.get("value"), str(said.get("error", "")))
                found[outcome.index] = outcome
    return found

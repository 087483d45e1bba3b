"""The status file of a job, which grows with it: Descriptors/User/USER/jobID/status.

A line when the job is handed over, what the batch system said to that, and a line for each event.
Lines are added whole and never changed.
"""

from __future__ import annotations

import datetime
import fcntl
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from sciportal.jobs import names
from sciportal.jobs.store.job import Job, JobEvent

_MOST_SAID = 20
"""Lines of what a batch system said."""
_LONGEST = 500


class StatusFiles:
    """The status files of all jobs. Threads and processes may share them.

    Args:
        state_dir: the portal's.
    """

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir / "Descriptors" / "User"

    def path(self, job: Job) -> Path:
        """Where a job's file is, or will be."""
        owner = job.owner if job.owner == names.ANONYMOUS else names.check_user(job.owner)
        return self._root / owner / f"job{job.id}" / "status"

    def follow(self, job: Job, events: Iterable[JobEvent]) -> None:
        """Add the events that the file does not have yet.

        Args:
            job: whose they are.
            events: all that happened, in order.
        """
        self._add(job, [_line(event) for event in events])

    def said(self, job: Job, text: str) -> None:
        """Add what the batch system said when the job was handed to it.

        Args:
            job: which one.
            text: its words, of which the first lines are kept.
        """
        lines = text.splitlines()[:_MOST_SAID]
        self._add(
            job,
            [f"  {names.one_line(line, _LONGEST)}" for line in lines if line.strip()],
            anew=True,
        )

    def remove(self, job: Job) -> None:
        """Remove a job's file."""
        shutil.rmtree(self.path(job).parent, ignore_errors=True)

    def _add(self, job: Job, lines: list[str], *, anew: bool = False) -> None:
        """Add lines that are not there, in one piece; `anew`, also where they are."""
        path = self.path(job)
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o640), "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            there = file.read()
            # A program that was killed in the middle of a line, or a full disk, cut it short.
            torn = b"\n" if there and not there.endswith(b"\n") else b""
            have = frozenset(() if anew else there.decode(errors="replace").split("\n"))
            new = "".join(f"{line}\n" for line in lines if line not in have)
            if new:
                file.write(torn + new.encode())


def _line(event: JobEvent) -> str:
    at = datetime.datetime.fromtimestamp(event.at // 1_000_000, datetime.UTC)
    time = f"{at:%Y-%m-%dT%H:%M:%S}.{event.at % 1_000_000:06}Z"
    words = [
        time,
        f"attempt {event.attempt}",
        event.cause.value,
        names.one_line(event.text, _LONGEST),
    ]
    return " ".join(filter(None, words))

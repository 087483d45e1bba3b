"""What jobs of clusters elsewhere have written so far, as their workers tell it.

    STATE_DIR/jobs/ID/written/STREAM    a line of JSON, {"attempt": 1, "size": 70000}, and the last
                                        bytes of so many

Each is replaced as a whole, and goes when the results are here, or the job is removed. What is not
on the disk when the power fails comes again with the next word of the worker.
"""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from sciportal.jobs.exchange import MOST_END, Written
from sciportal.jobs.queue.backend import Attempt, Tail

_MOST_HEAD = 200


class WrittenFiles:
    """See the module. Threads and processes may share it.

    Args:
        state_dir: the portal's.
    """

    def __init__(self, state_dir: Path) -> None:
        self._jobs = state_dir / "jobs"

    def put(self, said: Written) -> None:
        """Keep what a worker said, in place of what it said before of that stream.

        Args:
            said: of a job that is the worker's.

        Raises:
            OSError: it cannot be written; what was there still is.
        """
        head = json.dumps({"attempt": said.attempt, "size": said.size}).encode()
        place = self.directory(said.job)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = place / f".{secrets.token_hex(8)}"
        try:
            with draft.open("xb") as file:
                file.write(head + b"\n" + said.last_bytes())
            draft.replace(place / said.stream)
        finally:
            draft.unlink(missing_ok=True)

    def piece(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail:
        """A piece of what a job has written, as far as it is here; see `Backend.tail`.

        Args:
            attempt: the job; of an earlier attempt nothing is given.
            stream: `stdout` or `stderr`.
            start: the first byte; negative counts from the end.
            most: bytes.
        """
        try:
            with (self.directory(attempt.job) / stream).open("rb") as file:
                said = json.loads(file.readline(_MOST_HEAD))
                end = file.read(MOST_END)
        # There is none yet, or the power failed while it was written.
        except (FileNotFoundError, ValueError):
            return Tail(0, 0, b"")
        if said["attempt"] != attempt.attempt:
            return Tail(0, 0, b"")
        size: int = said["size"]
        first = max(size + start, 0) if start < 0 else min(start, size)
        first = max(first, size - len(end))
        left = size - first
        return Tail(size, first, end[len(end) - left :][:most])

    def remove(self, job: int) -> None:
        """Forget what a job wrote, and its directory where nothing else is in it."""
        shutil.rmtree(self.directory(job), ignore_errors=True)
        with suppress(OSError):
            self.directory(job).parent.rmdir()

    def directory(self, job: int) -> Path:
        """Where it is kept of a job."""
        return self._jobs / str(job) / "written"

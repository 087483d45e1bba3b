"""The files of jobs: what users sent, and what came out.

    STATE_DIR/uploads/RANDOM        what is coming in
    STATE_DIR/jobs/ID/inputs        what was sent with the job; not there if nothing was
    STATE_DIR/jobs/ID/results       what came out; it is complete, or it is not there

What is in `results` is as hostile as the job: names are checked before they are kept and when they
are asked for, and nothing is followed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sciportal.jobs import names
from sciportal.jobs.errors import NoFileError
from sciportal.jobs.incoming import Bounds, Incoming, aside, flush, no_room
from sciportal.jobs.order import MOST_FILES
from sciportal.jobs.settings import PortalLimits
from sciportal.jobs.store.job import Job

_INPUTS = "inputs"
_RESULTS = "results"
MOST_RESULTS = 10_000
"""Files of one job."""


class Found(NamedTuple):
    """A file of a job."""

    path: str
    """Below the directory of inputs or results."""
    size: int
    """Bytes."""
    modified: float
    """Seconds since 1970."""


class JobFiles:
    """The portal's directories of jobs. Threads and processes may share them.

    Args:
        state_dir: the portal's.
        limits: what may come in.
    """

    def __init__(self, state_dir: Path, limits: PortalLimits) -> None:
        self._state = state_dir
        self._limits = limits

    def home(self, job_id: int) -> Path:
        """Where all of a job's files are, or will be."""
        return self._state / "jobs" / str(job_id)

    def inputs_place(self, job_id: int) -> Path:
        """The directory of what was sent with a job."""
        return self.home(job_id) / _INPUTS

    def results_place(self, job_id: int) -> Path:
        """The directory of what came out of a job; it is there by rename."""
        return self.home(job_id) / _RESULTS

    @contextmanager
    def upload(self) -> Iterator[Incoming]:
        """Take what a user sends with a job; it goes where it belongs by `place`."""
        most = self._limits.upload_bytes
        bounds = Bounds(most, most, MOST_FILES, names.is_file)
        with aside(self._uploads, _INPUTS, bounds) as incoming:
            yield incoming

    def place(self, incoming: Incoming, job: Job) -> None:
        """Make what came in the inputs of a job that nobody has seen yet, see `Store.submit`.

        Others wait for its transaction, so the disk is waited for once at most: all that came is
        to `outlive` a power cut before.

        Raises:
            NoRoomError: the disk is full.
        """
        with no_room("keep a job's files"):
            home = self.home(job.id)
            # The job before of this number was never kept.
            changed = self._discard(home)
            if incoming.files:
                if not home.parent.exists():
                    home.parent.mkdir(mode=0o700, exist_ok=True)
                    flush(self._state)
                incoming.directory.parent.rename(home)
                changed = True
            if changed:
                flush(home.parent)

    @contextmanager
    def receive(self) -> Iterator[Incoming]:
        """Take what came out of a job; it is kept by `complete`."""
        limits = self._limits
        bounds = Bounds(limits.results_bytes, limits.results_bytes, MOST_RESULTS, names.is_path)
        with aside(self._uploads, _RESULTS, bounds) as incoming:
            yield incoming

    def complete(self, incoming: Incoming, job_id: int) -> bool:
        """Make what came in the results of a job, all at once.

        Returns:
            Whether there were none before; else what came is forgotten.

        Raises:
            NoRoomError: the disk is full.
        """
        with no_room("keep a job's results"):
            home = self.home(job_id)
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            # An empty directory would be replaced without a word; `results` is never made empty.
            (incoming.directory / _MARK).touch(mode=0o600)
            incoming.outlive()
            try:
                incoming.directory.rename(home / _RESULTS)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                return False
            for each in (home, home.parent):
                flush(each)
        return True

    def replace(self, incoming: Incoming, job_id: int) -> None:
        """Make what came in the results of a job, in place of what a try before left there.

        Raises:
            NoRoomError: the disk is full.
        """
        self._discard(self.results_place(job_id))
        self.complete(incoming, job_id)

    def has_results(self, job_id: int) -> bool:
        """Whether the results of a job are here."""
        return self.results_place(job_id).is_dir()

    def inputs(self, job_id: int) -> list[Found]:
        """What was sent with a job, by name."""
        return _listed(self.inputs_place(job_id))

    def results(self, job_id: int) -> list[Found]:
        """What came out of a job, by path; nothing before all of it is here."""
        return _listed(self.results_place(job_id))

    def open_input(self, job_id: int, name: str) -> BinaryIO:
        """A file that was sent with a job; the caller closes it.

        Raises:
            NoFileError: there is none of that name.
        """
        return _opened(self.inputs_place(job_id), name)

    def open_result(self, job_id: int, path: str) -> BinaryIO:
        """A file that came out of a job; the caller closes it.

        Raises:
            NoFileError: there is none at that path, or it is no plain file.
        """
        return _opened(self.results_place(job_id), path)

    def remove(self, job_id: int) -> None:
        """Remove all files of a job; where there are none, nothing happens."""
        self._discard(self.home(job_id))

    def sweep(self, older_seconds: float) -> None:
        """Remove what came in and was left, because a program was killed.

        Args:
            older_seconds: how long nothing was added to it.
        """
        limit = time.time() - older_seconds
        with os.scandir(self._uploads) if self._uploads.is_dir() else _nothing() as entries:
            for entry in entries:
                if entry.stat(follow_symlinks=False).st_mtime < limit:
                    shutil.rmtree(entry.path, ignore_errors=True)

    @property
    def _uploads(self) -> Path:
        return self._state / "uploads"

    def _discard(self, directory: Path) -> bool:
        """Take a directory of a job away at once, and remove what is in it; False without one."""
        if not os.path.lexists(directory):
            return False
        self._uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
        away = self._uploads / secrets.token_hex(16)
        try:
            directory.rename(away)
        except FileNotFoundError:
            return False
        shutil.rmtree(away)
        return True


def digest(incoming: Incoming) -> str:
    """SHA-256 of all that came in: of each path, size and digest; the same files give the same."""
    lines = (f"{each.name}\0{each.size}\0{each.sha256}\n" for each in incoming.files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


# Begins with a dot, as no result may.
_MARK = ".complete"


@contextmanager
def _nothing() -> Iterator[Iterator[os.DirEntry[str]]]:
    yield iter(())


def _listed(directory: Path) -> list[Found]:
    """The plain files below a directory whose paths are those of results."""
    found = []
    for folder, _folders, inside in os.walk(directory):
        for name in inside:
            full = os.path.join(folder, name)
            path = os.path.relpath(full, directory)
            seen = os.lstat(full)
            if stat.S_ISREG(seen.st_mode) and names.is_path(path):
                found.append(Found(path, seen.st_size, seen.st_mtime))
    return sorted(found)


def _opened(directory: Path, path: str) -> BinaryIO:
    """Open a plain file step by step, so that nothing is followed on the way."""
    if not names.is_path(path):
        raise _no_file(path)
    *folders, name = path.split("/")
    common = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    at = -1
    try:
        at = os.open(directory, common | os.O_DIRECTORY)
        for folder in folders:
            below = os.open(folder, common | os.O_DIRECTORY, dir_fd=at)
            os.close(at)
            at = below
        # Without waiting: a pipe would have nobody at its other end.
        file = os.open(name, common | os.O_NONBLOCK, dir_fd=at)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
            raise _no_file(path) from error
        raise
    finally:
        if at >= 0:
            os.close(at)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise _no_file(path)
    return os.fdopen(file, "rb")


def _no_file(path: str) -> NoFileError:
    found = f"there is no {names.shown(path)}"
    return NoFileError("open a job's file", found, "look at the list of its files")

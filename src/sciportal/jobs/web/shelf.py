"""The files of jobs, as requests put and get them: below the portal's own directory, and whole.

jobs/ID/inputs     what came with the job
jobs/ID/results    what came out of it, `stdout` and `stderr` among it; there by rename
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from sciportal.jobs import names
from sciportal.jobs.web import uploads
from sciportal.jobs.web.problems import missing
from sciportal.jobs.web.uploads import Upload

_NEW = ".upload"
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MOST = 100_000


class Shelf:
    """The files of all jobs.

    Args:
        state_dir: the portal's own directory.
    """

    def __init__(self, state_dir: Path) -> None:
        self._jobs = state_dir / "jobs"

    def put_inputs(self, job: int, files: Iterable[Upload]) -> None:
        """Store what came with a job that nobody sees yet; what was left there goes.

        Raises:
            OSError: there is no room.
        """
        place = self._jobs / str(job)
        shutil.rmtree(place, ignore_errors=True)
        try:
            self._fill(place / "inputs", files)
        except OSError:
            shutil.rmtree(place, ignore_errors=True)
            raise

    def put_results(self, job: int, files: Iterable[Upload]) -> None:
        """Store what came out of a job, if nothing is there yet.

        Raises:
            OSError: there is no room.
        """
        results = self._jobs / str(job) / "results"
        if results.exists():
            return
        draft = results.with_name(results.name + _NEW)
        shutil.rmtree(draft, ignore_errors=True)
        try:
            self._fill(draft, files)
            os.rename(draft, results)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        _sync(results.parent)

    def results(self, job: int) -> list[tuple[str, int]]:
        """Names and bytes of a job's results, by name."""
        top = self._jobs / str(job) / "results"
        found = []
        for directory, _folders, files in os.walk(top):
            for name in files:
                path = Path(directory, name)
                about = path.lstat()
                shown = path.relative_to(top).as_posix()
                if stat.S_ISREG(about.st_mode) and names.is_path(shown):
                    found.append((shown, about.st_size))
            if len(found) > _MOST:
                break
        return sorted(found)

    def open_input(self, job: int, name: str) -> BinaryIO:
        """One of a job's inputs.

        Raises:
            ProblemError: there is none of that name.
        """
        if not names.is_file(name):
            raise missing(f"the input {names.shown(name)} of job {job}")
        return _opened(self._jobs / str(job) / "inputs", name, f"the input {name} of job {job}")

    def open_result(self, job: int, name: str) -> BinaryIO:
        """One of a job's results.

        Raises:
            ProblemError: there is none of that name.
        """
        wanted = f"the result {names.shown(name)} of job {job}"
        if not names.is_path(name):
            raise missing(wanted)
        return _opened(self._jobs / str(job) / "results", name, wanted)

    def _fill(self, place: Path, files: Iterable[Upload]) -> None:
        place.mkdir(mode=0o750, parents=True)
        for each in files:
            path = place / each.name
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            with path.open("xb") as file:
                for data in uploads.chunks(each.stream):
                    file.write(data)
                file.flush()
                os.fsync(file.fileno())
        _sync(place)


def _opened(top: Path, name: str, wanted: str) -> BinaryIO:
    """Open a file without following a link on the way."""
    *folders, last = name.split("/")
    place = -1
    try:
        place = os.open(top, _FLAGS | os.O_DIRECTORY)
        for folder in folders:
            inner = os.open(folder, _FLAGS | os.O_DIRECTORY, dir_fd=place)
            os.close(place)
            place = inner
        found = os.open(last, _FLAGS, dir_fd=place)
    except (FileNotFoundError, NotADirectoryError):
        raise missing(wanted) from None
    except OSError as error:
        # A link, or a socket.
        if error.errno not in (errno.ELOOP, errno.ENXIO):
            raise
        raise missing(wanted) from None
    finally:
        if place >= 0:
            os.close(place)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise missing(wanted)
    return open(found, "rb")


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

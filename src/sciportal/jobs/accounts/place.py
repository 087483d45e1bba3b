"""The directory of a job in its account's home, and what is noted in it.

All of this runs as the account. Other jobs of the account are confined, and do not see it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sciportal.jobs import order as orders
from sciportal.jobs import script
from sciportal.jobs.accounts import wire
from sciportal.service.errors import ServiceError, UnknownError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sciportal.jobs.accounts.wire import Part
    from sciportal.jobs.order import InputFile, Order
    from sciportal.jobs.script import Programs

JOBS = "sciportal-jobs"
BATCH = "batch.sh"
TASKS_SUFFIX = "-tasks"
"""Of the name of a mapped job's array; what gathers has the name of the job."""
_LOCK = ".lock"
LOCK_SECONDS = 60.0
"""Longer than another submission takes, and shorter than who asks for this waits."""
_POLL_SECONDS = 0.1
_SMALL = 4096
# What waiting does not mend; a file server that is away says something else.
_LASTING = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR),
}
_ADVICE = "see to it that the account can write there and has room, and submit the job again"


def job_name(job: int, attempt: int) -> str:
    """Of the job in Slurm."""
    return f"sciportal-{job}-{attempt}"


class Place:
    """The directory of one attempt.

    Args:
        home: in which all jobs are.
        job: its number.
        attempt: which one.
    """

    def __init__(self, home: str, job: int, attempt: int) -> None:
        self.attempt = attempt
        self.above = os.path.join(home, JOBS)
        self.name = f"{job}.{attempt}"
        self.directory = os.path.join(self.above, self.name)
        self.job_name = job_name(job, attempt)

    @property
    def is_there(self) -> bool:
        """Whether it was made, and is whole."""
        return os.path.isdir(self.directory) and not os.path.islink(self.directory)

    @property
    def began(self) -> bool:
        """Whether its program may have begun; of a directory that is gone, nobody knows."""
        try:
            return any(each.startswith(script.BEGAN) for each in os.listdir(self.directory))
        except (FileNotFoundError, NotADirectoryError):
            return True

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let nobody else submit or remove jobs of this home meanwhile.

        Raises:
            UnknownError: somebody had it all the time that this waits.
            ServiceError: the home cannot be written.
        """
        lock = os.path.join(self.above, _LOCK)
        try:
            os.makedirs(self.above, mode=0o700, exist_ok=True)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            if error.errno not in _LASTING:
                raise
            raise ServiceError("use a home for jobs", str(error), _ADVICE) from None
        try:
            _acquire(descriptor)
            yield
        finally:
            os.close(descriptor)

    def make(self, order: Order, programs: Programs, files: Part) -> None:
        """Make it with all that the job needs; what is there already is left as it is.

        Args:
            order: the job.
            programs: what its script calls.
            files: the bytes of its inputs, one after the other.

        Raises:
            UsageError: the bytes are not those that the order names.
            ServiceError: the home is full, or cannot be written.
        """
        for name in os.listdir(self.above):
            if name.startswith(f".{self.name}."):
                shutil.rmtree(os.path.join(self.above, name))
        if self.is_there:
            self._check(order)
            return
        draft = tempfile.mkdtemp(prefix=f".{self.name}.", dir=self.above)
        try:
            self._fill(draft, order, programs, files)
            os.rename(draft, self.directory)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            if error.errno not in _LASTING:
                raise
            raise ServiceError("make the directory of a job", str(error), _ADVICE) from None
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise

    def _check(self, order: Order) -> None:
        """Refuse the directory of another job, which a database that was begun anew left behind."""
        try:
            there = orders.loads(self._text(script.ORDER, wire.MOST_REQUEST))
        except UsageError:
            there = None
        if there is None or there.announcing("", "") != order.announcing("", ""):
            found = f"{self.directory} is that of another job"
            raise ServiceError("make the directory of a job", found, "remove it, and submit again")

    def _fill(self, draft: str, order: Order, programs: Programs, files: Part) -> None:
        os.mkdir(os.path.join(draft, script.WORK), 0o700)
        for each in order.files:
            _receive(files, os.path.join(draft, script.WORK, each.name), each)
        texts = {
            script.SCRIPT: order.script,
            script.ORDER: orders.dumps(order) + "\n",
            BATCH: script.batch(order, self.directory, programs),
        }
        for name, text in texts.items():
            with open(os.path.join(draft, name), "x", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())

    def note(self, name: str, text: str) -> None:
        """Write a small file, at once and durably."""
        draft = os.path.join(self.directory, f".{name}.new")
        with open(draft, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, os.path.join(self.directory, name))

    def noted(self, name: str) -> str:
        """The text of a small file; empty where there is none."""
        return self._text(name, _SMALL).strip()

    def _text(self, name: str, most: int) -> str:
        path = os.path.join(self.directory, name)
        try:
            with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                return file.read(most).decode(errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def forget(self, name: str) -> None:
        """Remove a small file, if it is there."""
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(self.directory, name))

    def remove(self) -> None:
        """Remove the directory, whatever the job did to the modes in it."""
        if os.path.lexists(self.directory):
            draft = tempfile.mkdtemp(prefix=f".{self.name}.", dir=self.above)
            # What is half removed is found no more.
            os.rename(self.directory, os.path.join(draft, "old"))
            _open(draft)
            shutil.rmtree(draft)


def _acquire(descriptor: int) -> None:
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                found = f"something of its account held the lock for {LOCK_SECONDS:g} s"
                raise UnknownError("use a home for jobs", found, "it is tried again") from None
            time.sleep(_POLL_SECONDS)


def _receive(stream: Part, path: str, file: InputFile) -> None:
    digest = hashlib.sha256()
    with open(path, "xb") as to:

        def write(data: bytes) -> None:
            digest.update(data)
            to.write(data)

        wire.copy(stream.read, write, file.size)
    if digest.hexdigest() != file.sha256:
        found = f"{file.name} is not the file that was ordered"
        raise UsageError("take the inputs of a job", found, "try again")


def _open(directory: str) -> None:
    """Open directories that the job closed."""
    for root, names, _files in os.walk(directory):
        for name in names:
            path = os.path.join(root, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)

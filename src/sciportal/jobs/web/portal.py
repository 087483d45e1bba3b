"""The parts that answering a request needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sciportal.jobs import secret
from sciportal.jobs.descriptors.catalogue import Catalogue
from sciportal.jobs.errors import NoFileError
from sciportal.jobs.files import JobFiles
from sciportal.jobs.queue.backend import Attempt, Tail
from sciportal.jobs.queue.backends import backends
from sciportal.jobs.queue.recent import RecentTails, Tailing
from sciportal.jobs.settings import Settings
from sciportal.jobs.store import engine
from sciportal.jobs.store.job import Job
from sciportal.jobs.store.store import Store
from sciportal.service.errors import ServiceError


class Portal(NamedTuple):
    """What a site's portal is made of."""

    settings: Settings
    store: Store
    files: JobFiles
    catalogue: Catalogue
    secret: bytes
    backends: Mapping[str, Tailing]
    """Those that can show what a running job writes."""

    @classmethod
    def opened(cls, settings: Settings) -> Portal:
        """The parts that the settings name.

        Raises:
            UsageError: the secret cannot be read, or the database's URL is none.
        """
        return cls(
            settings,
            Store(engine.connect(settings.database)),
            JobFiles(settings.state_dir, settings.limits),
            Catalogue(settings.descriptors),
            secret.read(settings.secret_file),
            {name: RecentTails(each) for name, each in backends(settings).items()},
        )

    def logs(self, job: Job, stream: str, start: int, most: int) -> Tail:
        """A piece of what a job wrote: of its results, or while it runs of the place where it does.

        Args:
            job: the job.
            stream: `stdout` or `stderr`, which is also the name of the result.
            start: the first byte; negative for the end of it.
            most: bytes.
        """
        try:
            return self._kept(job, stream, start, most)
        except NoFileError:
            backend = self.backends.get(job.backend)
        if backend is None or job.sent_at is None or job.collected_at is not None:
            return Tail(0, 0, b"")
        try:
            attempt = Attempt.of(job.order)
            return backend.tail(attempt, stream, start if start >= 0 else -most, most)
        except ServiceError:
            # Where it runs does not answer, which is no fault of who asks.
            return Tail(0, 0, b"")

    def _kept(self, job: Job, stream: str, start: int, most: int) -> Tail:
        with self.files.open_result(job.id, stream) as file:
            size = file.seek(0, 2)
            first = max(size - most, 0) if start < 0 else min(start, size)
            file.seek(first)
            return Tail(size, first, file.read(most))

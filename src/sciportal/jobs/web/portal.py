"""The parts that answering a request needs."""

from __future__ import annotations

import os
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
from sciportal.jobs.turns import Turns

_READINGS = max(2, (os.cpu_count() or 1) // 2)
"""Readings of jobs' outputs at once, each of which is some processes."""
_IDLE = 2.0


class Portal(NamedTuple):
    """What a site's portal is made of."""

    settings: Settings
    store: Store
    files: JobFiles
    catalogue: Catalogue
    secret: bytes
    backends: Mapping[str, Tailing]
    """Those that can show what a running job writes, as far as it is known now."""

    @classmethod
    def opened(cls, settings: Settings) -> Portal:
        """The parts that the settings name.

        Raises:
            UsageError: the secret cannot be read, or the database's URL is none.
        """
        turns = Turns(settings.state_dir / "turns" / "tails", _READINGS, idle=_IDLE)
        return cls(
            settings,
            Store(engine.connect(settings.database)),
            JobFiles(settings.state_dir, settings.limits),
            Catalogue(settings.descriptors),
            secret.read(settings.secret_file),
            # What workers bring is read at once.
            {
                name: each if each.pulls else RecentTails(each, settings.state_dir / "tails", turns)
                for name, each in backends(settings).items()
            },
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
        ran = job.started_at is not None or job.exit_code is not None
        # What has not begun wrote nothing: that is known without asking.
        if backend is None or not ran or job.collected_at is not None:
            return Tail(0, 0, b"")
        return backend.tail(Attempt.of(job.order), stream, start if start >= 0 else -most, most)

    def _kept(self, job: Job, stream: str, start: int, most: int) -> Tail:
        with self.files.open_result(job.id, stream) as file:
            size = file.seek(0, 2)
            first = max(size - most, 0) if start < 0 else min(start, size)
            file.seek(first)
            return Tail(size, first, file.read(most))

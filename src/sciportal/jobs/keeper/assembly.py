"""The keepers of a site, put together of what its settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciportal.jobs import secret
from sciportal.jobs.files import JobFiles
from sciportal.jobs.keeper import daemon
from sciportal.jobs.keeper.keeper import Keeper, Places
from sciportal.jobs.queue.backends import backends
from sciportal.jobs.status_file import StatusFiles
from sciportal.jobs.store import engine
from sciportal.jobs.store.store import Store

if TYPE_CHECKING:
    from sciportal.jobs.settings import Settings
    from sciportal.jobs.store.job import Job


def store(settings: Settings) -> Store:
    """The site's jobs.

    Raises:
        UsageError: the settings name no database.
    """
    return Store(engine.connect(settings.database))


def keepers(settings: Settings, jobs: Store) -> list[Keeper]:
    """One for each backend.

    Raises:
        UsageError: the secret cannot be read.
    """
    files = JobFiles(settings.state_dir, settings.limits)
    places = Places(files.inputs_place, files.results_place, files.home)
    statuses = StatusFiles(settings.state_dir)
    key = secret.read(settings.secret_file)

    def status(job: Job, line: str) -> None:
        statuses.follow(job, jobs.events(job.id))
        statuses.said(job, line)

    return [
        Keeper(jobs, backend, name, settings, key, places, status=status, log=daemon.to_stderr)
        for name, backend in backends(settings).items()
    ]

"""The keepers of a site, put together of what its settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciportal.jobs import secret
from sciportal.jobs.files import JobFiles
from sciportal.jobs.keeper import daemon
from sciportal.jobs.keeper.errands import Errands
from sciportal.jobs.keeper.keeper import Keeper
from sciportal.jobs.queue.backends import backends
from sciportal.jobs.status_file import StatusFiles
from sciportal.jobs.store import engine
from sciportal.jobs.store.store import Store

if TYPE_CHECKING:
    from sciportal.jobs.settings import Settings


def store(settings: Settings) -> Store:
    """The site's jobs.

    Raises:
        UsageError: the settings name no database.
    """
    return Store(engine.connect(settings.database))


def files(settings: Settings) -> JobFiles:
    """What belongs to its jobs."""
    return JobFiles(settings.state_dir, settings.limits)


def keepers(settings: Settings, jobs: Store) -> list[Keeper]:
    """One for each backend.

    Raises:
        UsageError: the secret cannot be read.
    """
    statuses = StatusFiles(settings.state_dir)
    key = secret.read(settings.secret_file)
    kept = files(settings)
    log = daemon.to_stderr
    return [
        Keeper(
            Errands(jobs, backend, name, settings, key, kept, statuses, log=log), settings, log=log
        )
        for name, backend in backends(settings).items()
    ]

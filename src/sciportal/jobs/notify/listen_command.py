"""`sciportal-jobs listen`."""

from __future__ import annotations

import argparse
import logging

from sciportal.jobs import secret
from sciportal.jobs.notify import listener
from sciportal.jobs.settings import Settings
from sciportal.jobs.states import Event
from sciportal.jobs.status_file import StatusFiles
from sciportal.jobs.store import engine
from sciportal.jobs.store.job import Job
from sciportal.jobs.store.store import Store
from sciportal.service.errors import ServiceError

_LOG = logging.getLogger(__name__)


def arguments(_parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Hear announcements until a signal comes."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    store = Store(engine.connect(settings.database))
    statuses = StatusFiles(settings.state_dir)

    def heard(job: Job, _event: Event) -> None:
        try:
            statuses.follow(job, store.events(job.id))
        except (ServiceError, OSError) as error:
            # What counts is in the store; the keeper adds the line later.
            _LOG.warning("the status file of job %d: %s", job.id, error)

    key = secret.read(settings.secret_file)
    listener.serve(settings, listener.Listener(store, key, heard))
    return 0

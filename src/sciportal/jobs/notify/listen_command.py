"""`sciportal-jobs listen`: hears what jobs announce, until it is told to end."""

from __future__ import annotations

import argparse
import logging

from sciportal.jobs import secret
from sciportal.jobs.notify.listener import Listener, serve
from sciportal.jobs.settings import Settings
from sciportal.jobs.states import Event
from sciportal.jobs.status_file import StatusFiles
from sciportal.jobs.store import engine
from sciportal.jobs.store.job import Job
from sciportal.jobs.store.store import Store

log = logging.getLogger(__name__)


def arguments(_parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Listen until SIGTERM or SIGINT.

    Raises:
        UsageError: the settings are wrong, or the port cannot be had.
    """
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    # It would say so for each announcement that waits for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    store = Store(engine.connect(settings.database))
    files = StatusFiles(settings.state_dir)

    def heard(job: Job, _event: Event) -> None:
        try:
            files.follow(job, store.events(job.id))
        except OSError as error:
            # What happened is in the store; the keeper completes the file.
            log.warning("the status file of job %s: %s", job.id, error)

    serve(settings, Listener(store, secret.read(settings.secret_file), heard))
    return 0

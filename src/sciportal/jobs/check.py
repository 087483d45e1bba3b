"""`sciportal-jobs check`: what is wrong, before users find it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from sciportal.jobs import secret
from sciportal.jobs.descriptors.catalogue import Catalogue
from sciportal.jobs.settings import Settings
from sciportal.jobs.store import belonging, engine, migrations
from sciportal.service.errors import ServiceError


def arguments(_parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Say all that is wrong; 1 where something is."""
    found = list(problems(settings))
    for sentence in found:
        print(f"sciportal-jobs: {sentence}", file=sys.stderr)
    return 1 if found else 0


def problems(settings: Settings) -> Iterator[str]:
    """One sentence for each thing that is wrong."""
    yield from (mistake.sentence for mistake in Catalogue(settings.descriptors).mistakes())
    try:
        database = engine.connect(settings.database)
        belonging.check(database, settings.state_dir)
        if not migrations.is_current(database):
            yield "the tables are not of this version; run sciportal-jobs migrate"
    except ServiceError as error:
        yield str(error)
    try:
        secret.read(settings.secret_file)
    except ServiceError as error:
        yield str(error)
    if not os.access(settings.state_dir, os.W_OK | os.X_OK):
        yield f"{settings.state_dir} cannot be written by this account; run the role job_portal"

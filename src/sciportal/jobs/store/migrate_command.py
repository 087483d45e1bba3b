"""`sciportal-jobs migrate`."""

from __future__ import annotations

import argparse

from sciportal.jobs.settings import Settings
from sciportal.jobs.store import belonging, engine, migrations


def arguments(_parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Bring the tables to this version; say `changed` where there was something to do."""
    database = engine.connect(settings.database)
    belonging.check(database, settings.state_dir)
    if migrations.migrate(database):
        print("changed")
    return 0

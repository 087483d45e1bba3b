"""`sciportal-jobs workers`: which workers there are."""

from __future__ import annotations

import argparse
import datetime

from sciportal.jobs.settings import Settings
from sciportal.jobs.store import engine
from sciportal.jobs.store.store import Store


def arguments(_parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Show all, and when each last asked for something."""
    for worker in Store(engine.connect(settings.database)).workers():
        print(f"{worker.name}\tseen {_shown(worker.seen_at)}\tfrom {worker.address or 'nowhere'}")
    return 0


def _shown(microseconds: int | None) -> str:
    if microseconds is None:
        return "never"
    at = datetime.datetime.fromtimestamp(microseconds // 1_000_000, datetime.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"

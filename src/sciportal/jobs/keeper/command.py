"""`sciportal-jobs keeper`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciportal.jobs.keeper import assembly, daemon

if TYPE_CHECKING:
    import argparse

    from sciportal.jobs.settings import Settings


def arguments(_parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Look after the jobs until a signal comes."""
    ended = daemon.until_signalled()
    store = assembly.store(settings)
    files, keepers = assembly.files(settings), assembly.keepers(settings, store)
    daemon.run(settings, store, files, keepers, daemon.to_stderr, ended)
    return 0

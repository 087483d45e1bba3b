"""`sciportal-jobs reconcile`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciportal.jobs.keeper import assembly

if TYPE_CHECKING:
    import argparse

    from sciportal.jobs.settings import Settings


def arguments(_parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(_options: argparse.Namespace, settings: Settings) -> int:
    """Compare all jobs with what their batch systems know, once."""
    for each in assembly.keepers(settings, assembly.store(settings)):
        try:
            each.reconcile()
        finally:
            each.close()
    return 0

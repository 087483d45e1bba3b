"""Counts how often each job ran: what starts a job in its confinement notes it first."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

# Each run has a file, since accounts and nodes share them.
_LAUNCHER = """#!/bin/sh
for each; do
  case $each in
    */sciportal-jobs/*/work)
      job=${{each%/work}}
      mktemp "{tally}/${{job##*/}}.XXXXXX" > /dev/null || exit 1
      break
      ;;
  esac
done
exec {real} "$@"
"""


class Runs:
    """See the module.

    Args:
        tally: a new directory for the notes.
        programs: the directory with `sciportal-confine`.
    """

    def __init__(self, tally: Path, programs: Path) -> None:
        self._tally = tally
        tally.mkdir()
        tally.chmod(0o1777)
        launcher = programs / "sciportal-confine"
        real = launcher.rename(programs / "confine-itself")
        launcher.write_text(_LAUNCHER.format(tally=tally, real=real))
        launcher.chmod(0o755)

    def of_jobs(self) -> Counter[int]:
        """How often each job ran."""
        return Counter(int(each.name.partition(".")[0]) for each in self._tally.iterdir())

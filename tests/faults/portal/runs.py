"""Counts how often each job ran, and where: what starts a job in its confinement notes it first."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

# Each run has a file, since accounts and nodes share them.
_LAUNCHER = """#!/bin/sh
for each; do
  case $each in
    */sciportal-jobs/*/work)
      job=${{each%/work}}
      where=${{SLURMD_NODENAME:-}}.${{SLURM_JOB_ID:-0}}
      mktemp "{tally}/${{job##*/}}.$where.XXXXXX" > /dev/null || exit 1
      break
      ;;
  esac
done
exec {real} "$@"
"""


class Run(NamedTuple):
    """One run of a job."""

    at: int
    """When it began, in nanoseconds."""
    node: str
    """Of Slurm; empty for processes of a worker."""
    number: int
    """Slurm's, of the job; 0 for processes."""


class Runs:
    """See the module.

    Args:
        root: where its directories are to be.
        programs: the directory with `sciportal-confine`.
    """

    def __init__(self, root: Path, programs: Path) -> None:
        self._tally, self._deaths = root / "tally", root / "deaths"
        for each in (self._tally, self._deaths):
            each.mkdir()
            each.chmod(0o1777)
        launcher = programs / "sciportal-confine"
        real = launcher.rename(programs / "confine-itself")
        launcher.write_text(_LAUNCHER.format(tally=self._tally, real=real))
        launcher.chmod(0o755)

    def of_jobs(self) -> dict[int, list[Run]]:
        """The runs of each job, in their order."""
        found: dict[int, list[Run]] = defaultdict(list)
        for each in self._tally.iterdir():
            job, _attempt, node, number, _unique = each.name.split(".")
            found[int(job)].append(Run(each.stat().st_mtime_ns, node, int(number)))
        return {job: sorted(runs) for job, runs in found.items()}

    def died(self, node: str) -> None:
        """Note that a node is dead, with all that ran on it."""
        # By the same clock as the runs: that of files.
        with tempfile.NamedTemporaryFile(prefix=f"{node}.", dir=self._deaths, delete=False):
            pass

    def died_between(self, first: Run, second: Run) -> bool:
        """Whether the node of a run died before another began."""
        deaths = [each.stat().st_mtime_ns for each in self._deaths.glob(f"{first.node}.*")]
        return bool(first.node) and any(first.at <= each <= second.at for each in deaths)

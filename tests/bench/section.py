"""The last section of the page of benchmarks, which has a run of its own."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
TITLE = "## The job portal"


def of_page(path: Path = PAGE) -> str:
    """The section as it is; empty where there is none."""
    _before, title, rest = path.read_text().partition(TITLE)
    return title + rest


def write(section: str, path: Path = PAGE) -> None:
    """Put another in its place.

    Args:
        section: from its title to its end.
        path: the page.
    """
    before = path.read_text().partition(TITLE)[0].rstrip("\n")
    path.write_text(f"{before}\n\n{section}")


def facts() -> str:
    """What figures of this machine depend on."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    slurm = subprocess.run(
        ["/usr/sbin/slurmctld", "-V"], check=True, capture_output=True, text=True
    )
    return (
        f"This run: {today}, {len(os.sched_getaffinity(0))} processors,"
        f" {platform.freedesktop_os_release()['PRETTY_NAME']}, {slurm.stdout.strip()}, Python"
        f" {platform.python_version()};\nload average {os.getloadavg()[1]:.1f} when it began."
    )

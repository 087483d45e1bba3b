"""The loop that keeps the maps true."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sciportal.frontend import files, metrics
from sciportal.frontend.health import Health
from sciportal.frontend.routemap import accounts_text, labels_text, routes_text
from sciportal.frontend.routes import routes
from sciportal.service.errors import ServiceError
from sciportal.service.job import Job
from sciportal.service.site import Site

ROUTES, ACCOUNTS, LABELS = "routes.txt", "accounts.txt", "labels.txt"
STATUS = "status.json"
METRICS = "sciportal.prom"


class Watcher:
    """Carries the queue over into the route map.

    A query that fails changes nothing: not knowing is no reason to take a page away.

    Args:
        jobs: asks Slurm for the jobs of the service partition.
        site: the site's settings.
        state_dir: directory of the maps.
        run_dir: directory of the status file and of the metrics.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        jobs: Callable[[], list[Job]],
        site: Site,
        state_dir: Path,
        run_dir: Path,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jobs = jobs
        self._site = site
        self._map = state_dir / ROUTES
        self._status = run_dir / STATUS
        self._metrics = run_dir / METRICS
        self._services: list[Job] = []
        self._starts: metrics.Starts = {}
        self._restarts = 0
        self._clock = clock
        self.health = Health()

    def look(self) -> None:
        """Ask once, and write what there is to write."""
        before = self.health
        try:
            jobs = self._jobs()
            found = routes(jobs, self._site)
            self._count(jobs)
            files.replace_if_changed(self._map, routes_text(found))
            self.health = before.succeeded(self._clock(), len(found))
        # ValueError: a record of squeue that cannot be read.
        except (ServiceError, OSError, ValueError) as error:
            self.health = before.failed(str(error))
        self._tell(before)
        try:
            files.replace(self._status, self.health.text())
            told = metrics.text(self._services, self._restarts, self.health)
            files.replace(self._metrics, told)
        except OSError as error:
            say(f"the status file: {error}")

    def _count(self, jobs: list[Job]) -> None:
        self._services = metrics.services(jobs, self._site.partition)
        self._starts, restarts = metrics.follow(self._starts, self._services)
        self._restarts += restarts

    def _tell(self, before: Health) -> None:
        if self.health.failures == 1:
            say(f"the routes stay as they are: {self.health.message}")
        elif before.failures and not self.health.failures:
            say(f"Slurm answers again, after {before.failures} failed queries")
        elif self.health.routes != before.routes:
            say(f"routes: {self.health.routes}")


def refresh_accounts(accounts: Callable[[], Mapping[str, int | None]], state_dir: Path) -> None:
    """Write the maps of accounts; where nobody can tell them now, the last ones stay."""
    try:
        found = accounts()
        files.replace_if_changed(state_dir / ACCOUNTS, accounts_text(found))
        files.replace_if_changed(state_dir / LABELS, labels_text(found))
    except (KeyError, OSError) as error:
        say(f"the accounts stay as they are: {error}")


def run(
    watcher: Watcher,
    accounts: Callable[[], Mapping[str, int | None]],
    state_dir: Path,
    *,
    interval: float,
    accounts_interval: float,
) -> None:
    """Keep the maps true until the process is ended.

    Args:
        watcher: carries the routes over.
        accounts: tells the accounts.
        state_dir: directory of the maps.
        interval: seconds from one query to the next.
        accounts_interval: seconds between two looks at the accounts. A directory service may be
            slow, so that is a thread of its own.
    """

    def follow_accounts() -> None:
        while True:
            refresh_accounts(accounts, state_dir)
            time.sleep(accounts_interval)

    threading.Thread(target=follow_accounts, daemon=True).start()
    while True:
        begun = time.monotonic()
        watcher.look()
        time.sleep(pause(interval, time.monotonic() - begun))


def pause(interval: float, took: float) -> float:
    """Seconds to wait after a query that took so many; a slow Slurm is not asked without end."""
    return interval - took if took < interval else interval


def say(text: str) -> None:
    """A line for the journal."""
    print(text, file=sys.stderr, flush=True)

"""The loop: what a good and a failed query leave behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciportal.frontend import daemon, health
from sciportal.service.errors import UnknownError
from sciportal.service.job import Job
from sciportal.service.site import Site
from unit.frontend.jobs import job

LINE = "alice:web public,http,node1:24601 2001\n"


class Bench:
    """A watcher whose queue and clock the test sets."""

    def __init__(self, path: Path) -> None:
        self.queue: list[Job] | Exception = []
        self.now = 100.0
        self.map = path / daemon.ROUTES
        self.status = path / daemon.STATUS
        self.watcher = daemon.Watcher(self.ask, Site(), path, path, lambda: self.now)

    def ask(self) -> list[Job]:
        if isinstance(self.queue, Exception):
            raise self.queue
        return self.queue

    def look(self, queue: list[Job] | Exception) -> health.Health:
        """One query with this answer, and the health that it leaves."""
        self.queue = queue
        self.watcher.look()
        found = health.parse(self.status.read_text())
        assert found
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_service_is_routed_when_it_runs_and_no_longer_when_it_has_gone(bench: Bench) -> None:
    assert bench.look([job()]).routes == 1
    assert bench.map.read_text() == LINE
    assert bench.look([]).routes == 0
    assert bench.map.read_text() == ""


def test_a_map_that_did_not_change_is_not_written(bench: Bench) -> None:
    bench.look([job()])
    before = bench.map.stat()
    bench.look([job()])
    assert bench.map.stat().st_mtime_ns == before.st_mtime_ns
    assert bench.map.stat().st_ino == before.st_ino


@pytest.mark.parametrize(
    "failure",
    [UnknownError("the queue", "no answer", "try again"), ValueError("a record"), OSError("full")],
)
def test_a_failed_query_leaves_the_last_routes_and_is_counted(
    bench: Bench, failure: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.look([job()])
    bench.now = 101
    bench.look(failure)
    after = bench.look(failure)
    assert bench.map.read_text() == LINE
    assert (after.success, after.failures, after.failures_total, after.routes) == (100, 2, 2, 1)
    assert after.message == str(failure)
    assert capsys.readouterr().err.count("stay as they are") == 1

    after = bench.look([job()])
    assert (after.success, after.failures, after.failures_total) == (101, 0, 2)
    assert after.message == ""


def test_a_map_that_cannot_be_written_is_a_failure_too(bench: Bench) -> None:
    bench.map.mkdir()
    assert bench.look([job()]).failures == 1


def test_whatever_a_map_held_it_is_mended(bench: Bench) -> None:
    bench.map.write_bytes(b"\xff\x00alice:web x")
    bench.look([job()])
    assert bench.map.read_text() == LINE


def test_the_accounts_stay_when_nobody_can_tell_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> set[str]:
        raise KeyError("getgrnam(): name not found: 'service-pool'")

    daemon.refresh_accounts(lambda: {"bob": 2, "alice": 1}, tmp_path)
    daemon.refresh_accounts(broken, tmp_path)
    assert (tmp_path / daemon.ACCOUNTS).read_text() == "alice alice\nbob bob\n"
    assert "stay as they are" in capsys.readouterr().err


def test_queries_keep_their_interval_and_a_slow_slurm_gets_a_rest() -> None:
    assert daemon.pause(1, 0.25) == 0.75
    assert daemon.pause(1, 1) == 1
    assert daemon.pause(1, 30) == 1

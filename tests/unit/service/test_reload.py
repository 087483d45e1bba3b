"""Reloading: which signal is sent, and to what."""

from __future__ import annotations

import signal

import pytest


@pytest.fixture
def web(world):
    """A service that has run for a while."""
    world.write("web")
    world.one("start")
    world.cluster.sleep(10)
    return world


def job(world) -> int:
    (there,) = world.cluster.of("web")
    return there.id


def test_a_reload_sends_sighup_to_the_running_job(web):
    result = web.one("reload")
    assert (result.exit_code, result.changed, result.state) == (0, True, "running")
    assert web.cluster.signals == [(job(web), signal.SIGHUP, ())]
    assert web.stages()[-1].split()[1] == "reload"


def test_stage_reload_names_another_signal(web):
    web.write("web", "#!/bin/sh\necho SIGUSR1\n")
    web.cluster.end_seconds = None
    web.one("reload")
    assert web.cluster.signals == [(job(web), signal.SIGUSR1, ())]


@pytest.mark.parametrize("body", ["exit 1", "echo NOSIGNAL"])
def test_a_stage_reload_that_fails_sends_nothing(web, body):
    web.write("web", f"#!/bin/sh\n{body}\n")
    result = web.one("reload")
    assert (result.exit_code, result.state) == (1, "running")
    assert web.cluster.signals == []


def test_a_pending_job_needs_no_reload(world):
    world.write("web")
    world.cluster.start_seconds = None
    world.one("start")
    result = world.one("reload")
    assert (result.exit_code, result.changed, result.state) == (0, False, "pending")
    assert world.cluster.calls["scancel"] == 0


def test_a_reload_of_what_does_not_run_is_exit_3(web):
    web.one("stop")
    stages = web.stages()
    result = web.one("reload")
    assert (result.exit_code, result.state) == (3, "stopped")
    assert "sbatch-service start web" in result.message
    assert web.stages() == stages


def test_a_job_that_ends_under_the_reload_is_not_reported_as_reloaded(web):
    def too_late(there, number, extra=()):
        web.cluster.put(web.cluster.table[there.id]._replace(raw_state="FAILED"))

    web.cluster.signal = too_late
    result = web.one("reload")
    assert (result.exit_code, result.state) == (3, "stopped")

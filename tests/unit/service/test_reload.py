"""Reloading: which signal is sent, and to what."""

from __future__ import annotations

import signal

import pytest


def test_a_reload_sends_sighup_to_the_running_job(running):
    result = running.one("reload")
    assert (result.exit_code, result.changed, result.state) == (0, True, "running")
    assert running.cluster.signals == [(running.job(), signal.SIGHUP, ())]
    assert running.stages()[-1].split()[1] == "reload"


def test_stage_reload_names_another_signal(running):
    running.write("web", "#!/bin/sh\necho SIGUSR1\n")
    running.cluster.end_seconds = None
    running.one("reload")
    assert running.cluster.signals == [(running.job(), signal.SIGUSR1, ())]


@pytest.mark.parametrize("body", ["exit 1", "echo NOSIGNAL"])
def test_a_stage_reload_that_fails_sends_nothing(running, body):
    running.write("web", f"#!/bin/sh\n{body}\n")
    result = running.one("reload")
    assert (result.exit_code, result.state) == (1, "running")
    assert running.cluster.signals == []


def test_a_pending_job_needs_no_reload(world):
    world.write("web")
    world.cluster.start_seconds = None
    world.one("start")
    result = world.one("reload")
    assert (result.exit_code, result.changed, result.state) == (0, False, "pending")
    assert world.cluster.calls["scancel"] == 0


def test_a_reload_of_what_does_not_run_is_exit_3(running):
    running.one("stop")
    stages = running.stages()
    result = running.one("reload")
    assert (result.exit_code, result.state) == (3, "stopped")
    assert "sbatch-service start web" in result.message
    assert running.stages() == stages


def test_a_job_that_ends_under_the_reload_is_not_reported_as_reloaded(running):
    def too_late(there, number, extra=()):
        running.cluster.put(running.cluster.table[there.id]._replace(raw_state="FAILED"))

    running.cluster.signal = too_late
    result = running.one("reload")
    assert (result.exit_code, result.state) == (3, "stopped")

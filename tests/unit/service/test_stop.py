"""Stopping: signals, time, and a Slurm that falls silent."""

from __future__ import annotations

import errno
import os
import signal

import pytest

STOP_TIMEOUT = 60
CANCEL_TIMEOUT = 60


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


def test_a_running_job_gets_sigterm_and_is_gone_at_the_end(web):
    number = job(web)
    web.cluster.end_seconds = 3.0
    result = web.one("stop")
    assert (result.exit_code, result.changed, result.state) == (0, True, "stopped")
    assert web.cluster.signals == [(number, signal.SIGTERM, ())]
    assert web.cluster.cancelled == []
    assert web.cluster.of("web") == []
    assert web.ledger()["wanted"] == "stopped"


def test_a_stop_says_which_job_it_stopped(web):
    number = job(web)
    assert [(step.step, step.detail) for step in web.one("stop").steps] == [
        ("stop", f"job {number}")
    ]


def test_a_second_stop_does_nothing(web):
    web.one("stop")
    calls = dict(web.cluster.calls)
    result = web.one("stop")
    assert (result.exit_code, result.changed, result.state) == (0, False, "stopped")
    assert web.cluster.calls == {**calls, "squeue": calls["squeue"] + 1}


def test_stage_stop_names_the_signal_and_options_of_scancel(web):
    web.write("web", "#!/bin/sh\necho WINCH; echo '#SCANCEL --hurry'\n")
    number = job(web)
    assert web.one("stop").exit_code == 0
    assert web.cluster.signals == [(number, signal.SIGWINCH, ("--hurry",))]


def test_stage_stop_knows_the_port_of_the_job(web):
    port = web.ledger()["port"]
    web.one("stop")
    assert web.stages()[-1] == f"web stop {port}"


@pytest.mark.parametrize("body", ["exit 1", "echo TERMINATE", "echo TERM; echo HUP", "echo '#SB'"])
def test_a_stage_stop_that_fails_or_says_something_else_sends_nothing(web, body):
    web.write("web", f"#!/bin/sh\n{body}\n")
    result = web.one("stop")
    assert (result.exit_code, result.state) == (1, "running")
    assert "stage stop" in result.message
    assert (web.cluster.signals, web.cluster.cancelled) == ([], [])


@pytest.mark.parametrize("loss", ["removed", "not executable", "world-writable", "dangling"])
def test_a_service_without_a_usable_executable_is_stopped_all_the_same(web, capsys, loss):
    path = web.home / ".sbatch-service/web"
    if loss == "not executable":
        path.chmod(0o600)
    elif loss == "world-writable":
        path.chmod(0o777)
    else:
        path.unlink()
        if loss == "dangling":
            path.symlink_to("/no/such/type")
    before = web.stages()
    assert web.one("stop").exit_code == 0
    assert web.cluster.of("web") == []
    assert web.stages() == before
    assert "sending SIGTERM without asking it" in capsys.readouterr().err


def test_a_wrong_settings_file_does_not_keep_a_service_from_being_stopped(web):
    (web.home / ".sbatch-service/web.toml").write_text("stop_timeout = ")
    assert web.one("stop").exit_code == 0
    assert web.cluster.of("web") == []


def test_a_job_that_its_owner_submitted_past_the_command_is_stopped(world):
    world.write("web")
    world.cluster.add("web")
    world.cluster.sleep(10)
    result = world.one("stop")
    assert (result.exit_code, result.message) == (0, "")
    assert world.cluster.of("web") == []


def test_a_job_of_a_service_without_any_file_is_stopped(world):
    world.cluster.add("web")
    assert world.one("stop").exit_code == 0
    assert world.cluster.of("web") == []


def test_a_pending_job_is_cancelled(world):
    world.write("web")
    world.cluster.start_seconds = None
    world.one("start")
    result = world.one("stop")
    assert (result.exit_code, result.state) == (0, "stopped")
    assert world.cluster.of("web") == []


def test_a_job_that_begins_just_then_is_signalled_too(world):
    world.write("web")
    world.cluster.start_seconds = None
    world.one("start")
    there = world.cluster.of("web")[0]
    missed = []

    def begins(pending, number, extra=()):
        """scancel -t PENDING that comes a moment too late."""
        if not missed:
            missed.append(number)
            world.cluster.put(there._replace(raw_state="RUNNING", started=int(world.cluster.time)))
        else:
            type(world.cluster).signal(world.cluster, pending, number, extra)

    world.cluster.signal = begins
    assert world.one("stop").exit_code == 0
    assert world.cluster.of("web") == []
    assert world.cluster.signals[0][:2] == (there.id, signal.SIGTERM)


def test_a_signal_that_a_young_job_missed_is_sent_again(world):
    world.write("web")
    world.cluster.add("web")
    sent = []

    def not_yet(there, number, extra=()):
        """A job step without a process takes no signal."""
        sent.append(world.cluster.time)
        if len(sent) > 2:
            type(world.cluster).signal(world.cluster, there, number, extra)

    world.cluster.signal = not_yet
    begun = world.cluster.time
    world.one("stop")
    assert world.cluster.of("web") == []
    assert world.cluster.time - begun < 10
    assert world.cluster.cancelled == []


def test_an_old_job_gets_its_signal_once(web):
    web.cluster.end_seconds = 30.0
    web.one("stop")
    assert len(web.cluster.signals) == 1


def test_every_job_of_the_name_is_stopped(web):
    other = web.cluster.add("web", started=int(web.cluster.time) - 10)
    assert web.one("stop").exit_code == 0
    assert web.cluster.of("web") == []
    assert other.id in [number for number, *_ in web.cluster.signals]


def test_a_job_that_ignores_its_signal_is_cancelled_after_the_stop_timeout(web):
    web.cluster.end_seconds = None
    number, begun = job(web), web.cluster.time
    result = web.one("stop")
    assert result.exit_code == 0
    assert web.cluster.cancelled == [number]
    assert STOP_TIMEOUT <= web.cluster.time - begun < STOP_TIMEOUT + 5


def test_the_settings_may_give_another_stop_timeout(web):
    web.write("web", settings="stop_timeout = 5")
    web.cluster.end_seconds = None
    begun = web.cluster.time
    assert web.one("stop").exit_code == 0
    assert 5 <= web.cluster.time - begun < 10


def test_a_job_that_nothing_ends_is_told_with_its_state_and_id(web):
    number, begun = job(web), web.cluster.time
    web.cluster.end_seconds = None
    web.cluster.immortal.add(number)
    result = web.one("stop")
    assert (result.exit_code, result.state) == (1, "running")
    assert f"job {number} is still RUNNING" in result.message
    assert web.cluster.cancelled == [number]
    assert 0 <= web.cluster.time - begun - STOP_TIMEOUT - CANCEL_TIMEOUT < 5
    assert web.ledger()["wanted"] == "stopped"


def test_a_completing_job_is_waited_for_without_a_signal(web):
    number = job(web)
    there = web.cluster.table[number]
    web.cluster.put(there._replace(raw_state="COMPLETING"))
    web.cluster._ends[number] = web.cluster.time + 5
    result = web.one("stop")
    assert (result.exit_code, result.state) == (0, "stopped")
    assert web.cluster.signals == []


def silent_after(world, calls: int, until: int | None = None) -> None:
    """squeue falls silent from one of its calls on, until another."""
    world.cluster.calls.clear()

    def silence() -> None:
        number = world.cluster.calls["squeue"]
        world.cluster.silent = number > calls and (until is None or number < until)

    world.cluster.before_squeue = silence


def test_a_squeue_that_fails_in_the_middle_of_a_stop_is_waited_for(web):
    silent_after(web, 1, until=6)
    web.cluster.end_seconds = 0.3
    result = web.one("stop")
    assert (result.exit_code, result.state) == (0, "stopped")
    assert len(web.cluster.signals) == 1


def test_a_squeue_that_stays_silent_in_the_middle_of_a_stop_is_unknown(web):
    silent_after(web, 1)
    begun = web.cluster.time
    result = web.one("stop")
    assert (result.exit_code, result.state) == (4, "unknown")
    assert web.cluster.time - begun <= STOP_TIMEOUT + CANCEL_TIMEOUT + 5
    assert web.cluster.cancelled == []
    assert web.ledger()["wanted"] == "stopped"


@pytest.mark.parametrize("action", ["stop", "restart", "reload", "deploy", "init", "purge"])
def test_a_silent_slurm_is_no_reason_to_do_anything(web, action):
    files, stages = web.files(), web.stages()
    web.cluster.silent = True
    result = web.one(action)
    assert (result.exit_code, result.state) == (4, "unknown")
    assert "nothing was changed" in result.message
    assert (web.cluster.signals, web.cluster.cancelled) == ([], [])
    assert (web.files(), web.stages()) == (files, stages)


def test_a_state_that_we_do_not_know_is_no_reason_to_do_anything(web):
    there = web.cluster.of("web")[0]
    web.cluster.put(there._replace(raw_state="HOVERING"))
    result = web.one("stop")
    assert (result.exit_code, result.state) == (4, "unknown")
    assert "HOVERING" in result.message
    assert web.cluster.calls["scancel"] == 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_home_that_takes_no_writing_does_not_keep_a_service_running(web, monkeypatch, number):
    open_ = os.open

    def read_only(name, flags, *mode, **more):
        if flags & (os.O_WRONLY | os.O_RDWR) and str(name).startswith(str(web.home)):
            raise OSError(number, os.strerror(number))
        return open_(name, flags, *mode, **more)

    monkeypatch.setattr(os, "open", read_only)
    result = web.one("stop")
    assert web.cluster.of("web") == []
    assert result.state == "stopped"
    assert (result.exit_code, result.changed) == (0, True)

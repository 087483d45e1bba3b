"""Stopping: signals, time, and a Slurm that falls silent."""

from __future__ import annotations

import errno
import os
import signal

import pytest

from unit.service.world import SCRIPT

STOP_TIMEOUT = 60
CANCEL_TIMEOUT = 60


def test_a_running_job_gets_sigterm_and_is_gone_at_the_end(running):
    number = running.job()
    running.cluster.end_seconds = 3.0
    result = running.one("stop")
    assert (result.exit_code, result.changed, result.state) == (0, True, "stopped")
    assert running.cluster.signals == [(number, signal.SIGTERM, ())]
    assert running.cluster.cancelled == []
    assert running.cluster.of("web") == []
    assert running.ledger()["wanted"] == "stopped"


def test_a_stop_says_which_job_it_stopped(running):
    number = running.job()
    assert [(step.step, step.detail) for step in running.one("stop").steps] == [
        ("stop", f"job {number}")
    ]


def test_a_second_stop_does_nothing(running):
    running.one("stop")
    calls = dict(running.cluster.calls)
    result = running.one("stop")
    assert (result.exit_code, result.changed, result.state) == (0, False, "stopped")
    assert running.cluster.calls == {**calls, "squeue": calls["squeue"] + 1}


def test_stage_stop_names_the_signal_and_options_of_scancel(running):
    running.write("web", "#!/bin/sh\necho WINCH; echo '#SCANCEL --hurry'\n")
    number = running.job()
    assert running.one("stop").exit_code == 0
    assert running.cluster.signals == [(number, signal.SIGWINCH, ("--hurry",))]


def test_stage_stop_knows_the_port_of_the_job(running):
    port = running.ledger()["port"]
    running.one("stop")
    assert running.stages()[-1] == f"web stop {port}"


@pytest.mark.parametrize(
    ("action", "again"), [("stop", "no"), ("init", "no"), ("restart", "1"), ("deploy", "1")]
)
def test_stage_stop_is_told_whether_a_start_follows(running, action, again):
    running.write("web", SCRIPT + '[ "$1" != stop ] || echo "again: ${AGAIN-no}" >>"$STAGES"\n')
    running.one(action)
    told = [line for line in running.stages() if line.startswith("again")]
    assert told == [f"again: {again}"]


def test_a_stage_stop_that_fails_keeps_a_restart_from_stopping_in_vain(running):
    number = running.job()
    running.write("web", '#!/bin/sh\n[ "$1" != stop ] || [ -z "$AGAIN" ] || exit 3\n')
    assert running.one("restart").exit_code == 1
    assert running.one("deploy").exit_code == 1
    assert running.live() == [number]
    assert running.one("stop").state == "stopped"


@pytest.mark.parametrize("body", ["exit 1", "echo TERMINATE", "echo TERM; echo HUP", "echo '#SB'"])
def test_a_stage_stop_that_fails_or_says_something_else_sends_nothing(running, body):
    running.write("web", f"#!/bin/sh\n{body}\n")
    result = running.one("stop")
    assert (result.exit_code, result.state) == (1, "running")
    assert "stage stop" in result.message
    assert (running.cluster.signals, running.cluster.cancelled) == ([], [])


@pytest.mark.parametrize("loss", ["removed", "not executable", "world-writable", "dangling"])
def test_a_service_without_a_usable_executable_is_stopped_all_the_same(running, capsys, loss):
    path = running.home / ".sbatch-service/web"
    if loss == "not executable":
        path.chmod(0o600)
    elif loss == "world-writable":
        path.chmod(0o777)
    else:
        path.unlink()
        if loss == "dangling":
            path.symlink_to("/no/such/type")
    before = running.stages()
    assert running.one("stop").exit_code == 0
    assert running.cluster.of("web") == []
    assert running.stages() == before
    assert "sending SIGTERM without asking it" in capsys.readouterr().err


def test_a_wrong_settings_file_does_not_keep_a_service_from_being_stopped(running):
    (running.home / ".sbatch-service/web.toml").write_text("stop_timeout = ")
    assert running.one("stop").exit_code == 0
    assert running.cluster.of("web") == []


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


def test_an_old_job_gets_its_signal_once(running):
    running.cluster.end_seconds = 30.0
    running.one("stop")
    assert len(running.cluster.signals) == 1


def test_every_job_of_the_name_is_stopped(running):
    other = running.cluster.add("web", started=int(running.cluster.time) - 10)
    assert running.one("stop").exit_code == 0
    assert running.cluster.of("web") == []
    assert other.id in [number for number, *_ in running.cluster.signals]


def test_a_job_that_ignores_its_signal_is_cancelled_after_the_stop_timeout(running):
    running.cluster.end_seconds = None
    number, begun = running.job(), running.cluster.time
    result = running.one("stop")
    assert result.exit_code == 0
    assert running.cluster.cancelled == [number]
    assert STOP_TIMEOUT <= running.cluster.time - begun < STOP_TIMEOUT + 5


def test_the_settings_may_give_another_stop_timeout(running):
    running.write("web", settings="stop_timeout = 5")
    running.cluster.end_seconds = None
    begun = running.cluster.time
    assert running.one("stop").exit_code == 0
    assert 5 <= running.cluster.time - begun < 10


def test_a_job_that_nothing_ends_is_told_with_its_state_and_id(running):
    number, begun = running.job(), running.cluster.time
    running.cluster.end_seconds = None
    running.cluster.immortal.add(number)
    result = running.one("stop")
    assert (result.exit_code, result.state) == (1, "running")
    assert f"job {number} is still RUNNING" in result.message
    assert running.cluster.cancelled == [number]
    assert 0 <= running.cluster.time - begun - STOP_TIMEOUT - CANCEL_TIMEOUT < 5
    assert running.ledger()["wanted"] == "stopped"


def test_a_completing_job_is_waited_for_without_a_signal(running):
    number = running.job()
    there = running.cluster.table[number]
    running.cluster.put(there._replace(raw_state="COMPLETING"))
    running.cluster._ends[number] = running.cluster.time + 5
    result = running.one("stop")
    assert (result.exit_code, result.state) == (0, "stopped")
    assert running.cluster.signals == []


def silent_after(world, calls: int, until: int | None = None) -> None:
    """squeue falls silent from one of its calls on, until another."""
    world.cluster.calls.clear()

    def silence() -> None:
        number = world.cluster.calls["squeue"]
        world.cluster.silent = number > calls and (until is None or number < until)

    world.cluster.before_squeue = silence


def test_a_squeue_that_fails_in_the_middle_of_a_stop_is_waited_for(running):
    silent_after(running, 1, until=6)
    running.cluster.end_seconds = 0.3
    result = running.one("stop")
    assert (result.exit_code, result.state) == (0, "stopped")
    assert len(running.cluster.signals) == 1


def test_a_squeue_that_stays_silent_in_the_middle_of_a_stop_is_unknown(running):
    silent_after(running, 1)
    begun = running.cluster.time
    result = running.one("stop")
    assert (result.exit_code, result.state) == (4, "unknown")
    assert running.cluster.time - begun <= STOP_TIMEOUT + CANCEL_TIMEOUT + 5
    assert running.cluster.cancelled == []
    assert running.ledger()["wanted"] == "stopped"


@pytest.mark.parametrize("action", ["stop", "restart", "reload", "deploy", "init", "purge"])
def test_a_silent_slurm_is_no_reason_to_do_anything(running, action):
    files, stages = running.files(), running.stages()
    running.cluster.silent = True
    result = running.one(action)
    assert (result.exit_code, result.state) == (4, "unknown")
    assert "nothing was changed" in result.message
    assert (running.cluster.signals, running.cluster.cancelled) == ([], [])
    assert (running.files(), running.stages()) == (files, stages)


def test_a_state_that_we_do_not_know_is_no_reason_to_do_anything(running):
    there = running.cluster.of("web")[0]
    running.cluster.put(there._replace(raw_state="HOVERING"))
    result = running.one("stop")
    assert (result.exit_code, result.state) == (4, "unknown")
    assert "HOVERING" in result.message
    assert running.cluster.calls["scancel"] == 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_home_that_takes_no_writing_does_not_keep_a_service_running(running, monkeypatch, number):
    open_ = os.open

    def read_only(name, flags, *mode, **more):
        if flags & (os.O_WRONLY | os.O_RDWR) and str(name).startswith(str(running.home)):
            raise OSError(number, os.strerror(number))
        return open_(name, flags, *mode, **more)

    monkeypatch.setattr(os, "open", read_only)
    result = running.one("stop")
    assert running.cluster.of("web") == []
    assert result.state == "stopped"
    assert (result.exit_code, result.changed) == (0, True)

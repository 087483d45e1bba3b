"""Services as they are wanted, for the Ansible modules."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import apply, document
from sciportal.service.errors import UsageError
from sciportal.service.result import Result
from unit.service.model import Cluster
from unit.service.world import SCRIPT, World

BEFORE = ["nothing", "stopped", "pending", "running", "running with other files"]
STATES = sorted(document.STATES)


def written(*services: object, **more: object) -> str:
    return json.dumps({"schema": 1, "services": list(services), **more})


def run(world: World, state: str, **wanted: object) -> Result:
    check = bool(wanted.pop("check", False))
    services, _ = document.read(written({"service": "web", "state": state, **wanted}))
    return apply.run(world.session(check=check), services)[0]


def prepare(world: World, before: str) -> None:
    if before == "nothing":
        return
    if before == "running with other files":
        run(world, "deployed", script=SCRIPT + "# older\n")
    else:
        run(world, "deployed", script=SCRIPT)
    world.cluster.sleep(10)
    if before == "stopped":
        run(world, "stopped")
    elif before == "pending":
        for job in world.cluster.of("web"):
            world.cluster.put(job._replace(raw_state="PENDING", node=""))
        world.cluster.start_seconds = None


def refused(text: str) -> str:
    with pytest.raises(UsageError) as raised:
        document.read(text)
    assert raised.value.exit_code == 2
    return str(raised.value)


# The document


def test_a_document_is_read_service_by_service():
    wanted, archive = document.read(
        written(
            {"service": "web", "state": "started"},
            {"service": "wiki", "state": "present", "script": "x", "settings": {"port": 9000}},
            archive=False,
        )
    )
    assert archive is False
    assert wanted == [
        document.Wanted("web", "started", None, None, None),
        document.Wanted("wiki", "present", None, "x", {"port": 9000}),
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "[]", "1", '"x"', "{}", '{"schema": 2, "services": []}', "\ud800"),
        *('{"schema": 1}', '{"schema": 1, "services": {}}', "[" * 100000),
        written(archive="no"),
        written(1),
        written([]),
        written({}),
        written({"service": "web"}),
        written({"service": "web", "state": "runing"}),
        written({"service": "web", "state": ["started"]}),
        written({"service": "../web", "state": "started"}),
        written({"service": ["web"], "state": "started"}),
        written({"service": "web", "state": "started", "colour": "red"}),
        written({"service": "web", "state": "started", "account": 5}),
        written({"service": "web", "state": "present", "script": 5}),
        written({"service": "web", "state": "present", "settings": []}),
        written({"service": "web", "state": "started", "script": "x"}),
        written({"service": "web", "state": "present", "script": "\ud800"}),
        written({"service": "web", "state": "present", "settings": {"sbatch": ["\udfff"]}}),
        written(*[{"service": "web", "state": "started"}] * 2),
    ],
    ids=lambda text: ascii(text[:60]),
)
def test_a_document_of_another_form_is_a_usage_error(text):
    assert refused(text).startswith(("apply", "a service name"))


def test_a_state_that_is_unknown_is_shown_with_the_known_ones():
    said = refused(written({"service": "web", "state": "runing"}))
    assert "'runing'" in said
    assert "restarted" in said


@given(st.text())
def test_whatever_is_sent_is_a_document_or_one_usage_error(text):
    try:
        document.read(text)
    except UsageError:
        return
    assert json.loads(text)["schema"] == 1


# What is done


def test_what_is_absent_and_was_never_there_leaves_nothing(world):
    result = run(world, "absent")
    assert (result.exit_code, result.changed) == (0, False)
    assert world.files() == []


@pytest.mark.parametrize(
    "state", [each for each in STATES if each not in ("restarted", "reloaded")]
)
@pytest.mark.parametrize("before", BEFORE)
def test_the_second_run_changes_nothing(world, before, state):
    prepare(world, before)
    wanted = {"script": SCRIPT} if state in ("present", "deployed") else {}
    first = run(world, state, **wanted)
    if first.exit_code:
        assert (before, state) == ("nothing", "started")
        return
    world.cluster.sleep(10)
    files, stages = world.files(), world.stages()
    second = run(world, state, **wanted)
    assert (second.exit_code, second.changed, second.steps) == (0, False, ())
    assert (world.files(), world.stages()) == (files, stages)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("before", BEFORE)
def test_check_mode_predicts_what_the_run_does(world, before, state):
    prepare(world, before)
    wanted = {"script": SCRIPT, "settings": {"stop_timeout": 5}} if state == "deployed" else {}
    if state == "present":
        wanted = {"script": SCRIPT}
    files, stages, table = world.files(), world.stages(), dict(world.cluster.table)
    checked = run(world, state, check=True, **wanted)
    assert (world.files(), world.stages(), world.cluster.table) == (files, stages, table)
    done = run(world, state, **wanted)
    assert checked.exit_code == done.exit_code
    assert checked.changed == done.changed
    assert checked.steps == done.steps
    assert checked.before == done.before
    if done.after:
        # Whether a job runs at once is not ours to predict.
        there = {"pending": "running"}.get(done.after["state"], done.after["state"])
        expected = {"pending": "running"}.get(checked.after["state"], checked.after["state"])
        assert {**checked.after, "state": expected} == {**done.after, "state": there}


def test_check_mode_predicts_the_set_up_of_a_type(world):
    path = world.types / "web"
    path.write_text(SCRIPT)
    path.chmod(0o755)
    checked = run(world, "deployed", check=True)
    world.cluster.start_seconds = 0.0
    done = run(world, "deployed")
    assert checked.steps == done.steps
    assert checked.before == done.before
    assert {**checked.after, "state": ""} == {**done.after, "state": ""}


def test_script_and_settings_are_written_as_given_and_private(world):
    result = run(world, "deployed", script=SCRIPT, settings={"port": 9000, "access": "users"})
    assert result.exit_code == 0
    path = world.home / ".sbatch-service/web"
    assert (path.read_text(), path.stat().st_mode & 0o777) == (SCRIPT, 0o700)
    assert path.with_suffix(".toml").read_text() == 'access = "users"\nport = 9000\n'
    assert world.cluster.of("web")[0].comment == "sbatch-service/1 http 9000 users"


def test_a_changed_script_restarts_what_is_deployed(world):
    prepare(world, "running with other files")
    first = world.cluster.of("web")[0].id
    result = run(world, "deployed", script=SCRIPT)
    assert (result.exit_code, result.changed) == (0, True)
    assert result.job_id != first
    assert len(world.cluster.of("web")) == 1


def test_what_runs_is_stopped_by_the_script_that_it_was_started_with(world):
    old = SCRIPT + 'echo "old $1" >>"$STAGES"\n'
    run(world, "deployed", script=old)
    world.cluster.sleep(10)
    run(world, "deployed", script=SCRIPT)
    assert "old stop" in world.stages()
    assert "old init" in world.stages()[:2]
    assert world.stages()[-1].startswith("web start")


def test_a_changed_setting_alone_is_a_change(world):
    run(world, "deployed", script=SCRIPT, settings={"stop_timeout": 5})
    world.cluster.sleep(10)
    assert run(world, "deployed", script=SCRIPT, settings={"stop_timeout": 6}).changed
    world.cluster.sleep(10)
    assert not run(world, "deployed", script=SCRIPT, settings={"stop_timeout": 6}).changed


def test_files_that_are_not_named_are_left(world):
    run(world, "deployed", script=SCRIPT, settings={"stop_timeout": 5})
    world.cluster.sleep(10)
    assert run(world, "deployed").changed is False
    assert (world.home / ".sbatch-service/web.toml").exists()


def test_an_edit_by_the_account_is_noticed(world):
    prepare(world, "running")
    world.write("web", SCRIPT + "# edited\n")
    result = run(world, "deployed")
    assert result.changed
    assert ("stage", "init") in [tuple(step) for step in result.steps]


def test_an_init_that_failed_is_done_again(world):
    failing = '#!/bin/sh\n[ -e "$STAGES" ] || { touch "$STAGES"; exit 1; }\n'
    assert run(world, "present", script=failing).exit_code == 1
    second = run(world, "present", script=failing)
    assert (second.exit_code, second.changed) == (0, True)
    assert run(world, "present", script=failing).changed is False


@pytest.mark.parametrize(
    "settings", [{"port": "x"}, {"prot": 1}, {"sbatch": ["\0"]}, {"stop_timeout": 10**30}], ids=str
)
def test_wrong_settings_fail_before_anything_changes(world, settings):
    prepare(world, "running")
    files, table = world.files(), dict(world.cluster.table)
    result = run(world, "deployed", script=SCRIPT + "#\n", settings=settings)
    assert (result.exit_code, result.changed) == (1, False)
    assert "the settings" in result.message
    assert (world.files(), world.cluster.table) == (files, table)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
def test_nothing_is_concluded_from_a_silent_slurm(world, state, check):
    prepare(world, "running with other files")
    files = {name: (world.home / name).lstat().st_mtime_ns for name in world.files()}
    world.cluster.silent = True
    wanted = {"script": SCRIPT} if state in ("present", "deployed") else {}
    result = run(world, state, check=check, **wanted)
    assert (result.exit_code, result.changed, result.state) == (4, False, "unknown")
    assert {name: (world.home / name).lstat().st_mtime_ns for name in world.files()} == files


def test_the_diff_shows_state_script_and_settings_before_and_after(world):
    prepare(world, "running with other files")
    result = run(world, "deployed", script=SCRIPT, settings={"port": 9000})
    assert result.before == {
        "state": "running",
        "set_up": True,
        "script": SCRIPT + "# older\n",
        "settings": None,
    }
    assert (result.after["script"], result.after["settings"]) == (SCRIPT, "port = 9000\n")


def test_an_executable_that_is_a_fifo_does_not_hold_us(world):
    import os

    world.write("web").unlink()
    os.mkfifo(world.home / ".sbatch-service/web", 0o700)
    result = run(world, "deployed")
    assert result.exit_code == 1
    assert "no regular file" in result.message


def test_several_services_of_a_document_are_worked_on_together():
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as place:
        world = World(Path(place), Cluster())
        wanted, _ = document.read(
            written(
                {"service": "b", "state": "deployed", "script": SCRIPT},
                {"service": "a", "state": "deployed", "script": "#!/bin/sh\nexit 1\n"},
                {"service": "c", "state": "stopped"},
            )
        )
        results = apply.run(world.session(), wanted)
    assert [(each.service, each.exit_code) for each in results] == [("b", 0), ("a", 1), ("c", 0)]
    assert [each.action for each in results] == ["deploy", "deploy", "stop"]

"""Check mode: it says what the run would do, and changes nothing."""

from __future__ import annotations

import pytest

from sciportal.service.plan import Action

ACTIONS = [each.value for each in Action]


@pytest.mark.parametrize("state", ["RUNNING", "PENDING", "none"])
@pytest.mark.parametrize("action", ACTIONS)
def test_check_mode_changes_nothing_and_names_the_steps_of_the_run(web, action, state):
    web.cluster.start_seconds = None
    if state != "none":
        web.cluster.add("web", state, started=1)
    files, table = web.files(), dict(web.cluster.table)
    checked = web.one(action, check=True)
    assert (web.files(), web.cluster.table, web.stages()) == (files, table, [])
    assert set(web.cluster.calls) == {"squeue"}
    done = web.one(action)
    assert checked.exit_code == done.exit_code
    assert checked.steps == done.steps
    assert checked.changed == done.changed


@pytest.mark.parametrize("action", ["init", "start", "restart", "reload"])
def test_check_mode_finds_that_a_service_is_not_there(world, action):
    assert world.one(action, check=True).exit_code == world.one(action).exit_code != 0


@pytest.mark.parametrize("action", ["init", "deploy", "start", "restart"])
def test_check_mode_finds_a_wrong_settings_file(web, action):
    web.write("web", settings="port = ")
    assert web.one(action, check=True).exit_code == 1

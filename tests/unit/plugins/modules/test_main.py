"""The modules as Ansible runs them, against a program that answers as the command does."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.sciportal.hosting.plugins.modules import (
    sbatch_service,
    sbatch_service_info,
    uwsgi_port,
    uwsgi_port_info,
)

ANSWER = {
    "service": "web",
    "account": "alice",
    "changed": True,
    "state": "running",
    "message": "",
    "exit_code": 0,
    "before": {"state": "stopped"},
    "after": {"state": "running"},
}


@pytest.fixture
def answering(tmp_path):
    """Makes a program that keeps its words and its input, answers and ends with a code."""

    def make(results, code=0):
        program = tmp_path / "sbatch-service"
        said = json.dumps({"schema": 1, "results": results})
        program.write_text(
            f'#!/bin/sh\necho "$@" >{tmp_path}/words\ncat >{tmp_path}/input\n'
            f"echo '{said}'\nexit {code}\n"
        )
        program.chmod(0o755)
        return str(program)

    return make


def run(module, capsys, **params):
    with patch_module_args(params), pytest.raises(SystemExit) as ended:
        module.main()
    return ended.value.code, json.loads(capsys.readouterr().out)


def test_the_results_are_handed_on_with_a_diff(answering, capsys, tmp_path):
    executable = answering([ANSWER])

    code, told = run(
        sbatch_service,
        capsys,
        executable=executable,
        name="web",
        state="started",
        _ansible_diff=True,
    )

    assert (code, told["changed"], told["services"]) == (0, True, [ANSWER])
    assert told["diff"][0]["after"] == 'state: "running"\n'
    assert json.loads((tmp_path / "input").read_text()) == {
        "schema": 1,
        "services": [
            {
                "service": "web",
                "state": "started",
                "account": None,
                "script": None,
                "settings": None,
            }
        ],
        "archive": True,
    }


def test_check_mode_is_the_commands(answering, capsys, tmp_path):
    run(
        sbatch_service, capsys, executable=answering([ANSWER]), name="web", _ansible_check_mode=True
    )

    assert (tmp_path / "words").read_text() == "apply --json --check\n"


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({}, "one of the following is required: name, services"),
        ({"name": "a", "services": [{"name": "a"}]}, "mutually exclusive: services|name"),
        ({"services": [{"name": "a"}], "settings": {}}, "mutually exclusive: services|settings"),
        ({"name": "a", "script": "x", "src": "y"}, "mutually exclusive: script|src"),
        (
            {"services": [{"name": "a", "script": "x", "src": "y"}]},
            "mutually exclusive: script|src",
        ),
        ({"services": [{"name": "a", "stat": "present"}]}, "services.stat"),
        ({"services": [{"state": "present"}]}, "missing required arguments: name"),
        ({"name": "a", "state": "running"}, "value of state must be one of"),
        ({"name": "a", "settings": "port"}, "unable to convert to dict"),
    ],
)
def test_wrong_options_end_with_one_sentence(params, word, capsys):
    code, told = run(sbatch_service, capsys, **params)

    assert code == 1
    assert word in told["msg"]


def test_script_and_settings_go_together(answering, capsys):
    code, _told = run(
        sbatch_service, capsys, executable=answering([]), name="a", script="x", settings={"port": 1}
    )

    assert code == 0


def test_info_takes_a_service_that_does_not_run_for_an_answer(answering, capsys, tmp_path):
    stopped = {
        "service": "web",
        "account": "alice",
        "state": "stopped",
        "exit_code": 3,
        "changed": False,
    }

    code, told = run(
        sbatch_service_info,
        capsys,
        executable=answering([stopped], 3),
        account="alice",
        name=["web"],
    )

    assert (code, told["changed"], told["services"]) == (0, False, [stopped])
    assert (tmp_path / "words").read_text() == "status --json --account alice web\n"


def test_info_fails_where_the_state_is_unknown(answering, capsys):
    unknown = {
        "service": "web",
        "account": "alice",
        "state": "unknown",
        "exit_code": 4,
        "changed": False,
        "message": "the queue: no answer",
    }

    code, told = run(sbatch_service_info, capsys, executable=answering([unknown], 4))

    assert code == 1
    assert (told["msg"], told["reason"]) == ("web of alice: the queue: no answer", "unknown")


PORT = {"service": "uwsgi", "account": "alice", "changed": True, "port": 9000, "exit_code": 0}


def test_a_port_is_asked_for_and_told_with_a_diff(answering, capsys, tmp_path):
    allocated = {**PORT, "before": {"port": None}, "after": {"port": 9000}}

    code, told = run(
        uwsgi_port,
        capsys,
        executable=answering([allocated]),
        account="alice",
        port_max=9000,
        _ansible_check_mode=True,
        _ansible_diff=True,
    )

    assert (code, told["changed"], told["port"]) == (0, True, 9000)
    assert (told["service"], told["account"]) == ("uwsgi", "alice")
    assert told["diff"][0]["before"] == "port: null\n"
    assert told["diff"][0]["after"] == "port: 9000\n"
    assert (tmp_path / "words").read_text() == "port --json --account alice --check\n"
    assert json.loads((tmp_path / "input").read_text()) == {
        "schema": 1,
        "service": "uwsgi",
        "state": "present",
        "port": None,
        "lowest": None,
        "highest": 9000,
    }


def test_a_port_that_is_not_to_be_had_fails_with_the_commands_words(capsys, tmp_path):
    program = tmp_path / "sbatch-service"
    answer = {"schema": 1, "results": [], "error": {"message": "port 9: taken; give another one"}}
    program.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{json.dumps(answer)}'\nexit 1\n")
    program.chmod(0o755)

    code, told = run(uwsgi_port, capsys, executable=str(program), port=9)

    assert (code, told["msg"], told["reason"]) == (1, "port 9: taken; give another one", "failed")


def test_the_ports_that_are_kept_are_told(answering, capsys, tmp_path):
    code, told = run(uwsgi_port_info, capsys, executable=answering([PORT]))

    assert (code, told["changed"]) == (0, False)
    assert told["ports"] == [{"service": "uwsgi", "account": "alice", "port": 9000}]
    assert json.loads((tmp_path / "input").read_text()) == {"schema": 1, "state": "shown"}

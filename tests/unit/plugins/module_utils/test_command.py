"""What the modules make of the command's answers."""

from __future__ import annotations

import json

import pytest
from ansible_collections.sciportal.hosting.plugins.module_utils import command


class FailedError(Exception):
    """The module ended with fail_json."""


class FakeModule:
    """Answers as AnsibleModule would, with one prepared run of the command."""

    def __init__(self, code=0, out="", err="", executable="/bin/sh"):
        self.params = {"executable": executable}
        self.ended = (code, out, err)
        self.called = None
        self.warned = []

    def warn(self, text):
        self.warned.append(text)

    def run_command(self, argv, data=None):
        self.called = (argv, data)
        return self.ended

    def fail_json(self, **answer):
        raise FailedError(answer)


def result(**other):
    return {
        "service": "web",
        "account": "alice",
        "changed": False,
        "message": "",
        "exit_code": 0,
        **other,
    }


def answer(*results):
    return json.dumps({"schema": 1, "results": results})


def failure(module, **options):
    with pytest.raises(FailedError) as raised:
        command.call(module, ["status", "--json"], **options)
    return raised.value.args[0]


def test_the_words_and_the_document_reach_the_command_and_its_results_come_back():
    module = FakeModule(out=answer(result(state="running")))

    results = command.call(module, ["apply", "--json"], {"schema": 1})

    assert module.called == (["/bin/sh", "apply", "--json"], '{"schema": 1}')
    assert results == [result(state="running")]


@pytest.mark.parametrize(("code", "reason"), sorted(command.REASONS.items()))
def test_a_failure_is_told_in_the_commands_words_with_its_code(code, reason):
    told = result(message="no permission; ask the operators", exit_code=code, changed=True)

    failed = failure(FakeModule(code, answer(told, result(message="fine")), "noise"))

    assert failed["msg"] == "web of alice: no permission; ask the operators"
    assert (failed["exit_code"], failed["reason"], failed["changed"]) == (code, reason, True)
    assert failed["services"] == [told, result(message="fine")]


@pytest.mark.parametrize("code", [0, 1])
def test_what_the_command_warns_of_is_a_warning_also_where_something_failed(code):
    module = FakeModule(code, answer(result(warnings=["kept"]), result(exit_code=code)))

    if code:
        failure(module)
    else:
        command.call(module, ["apply", "--json"])

    assert module.warned == ["web of alice: kept"]


def test_an_accepted_code_is_no_failure():
    module = FakeModule(3, answer(result(state="stopped", exit_code=3)))

    assert command.call(module, ["status", "--json"], accepted=(0, 3))[0]["state"] == "stopped"


@pytest.mark.parametrize("out", ["", "no JSON", "[]", "3", '{"schema": 1}'])
def test_where_there_are_no_results_the_messages_for_people_speak(out):
    failed = failure(FakeModule(2, out, "sbatch-service: unknown\n  action\n"))

    assert failed["msg"] == "sbatch-service: unknown action"
    assert failed["reason"] == "usage"
    assert failed["services"] == []


def test_silence_is_a_failure_that_says_so():
    assert (
        failure(FakeModule(0, "", ""))["msg"]
        == "sbatch-service ended with exit code 0 and said nothing"
    )


def test_a_host_without_the_command_is_told_how_to_get_it():
    failed = failure(FakeModule(executable="/nowhere/sbatch-service"))

    assert "/nowhere/sbatch-service is no program on this host" in failed["msg"]
    assert "sciportal.hosting.sbatch_service" in failed["msg"]


def test_the_diff_shows_what_changed_and_the_script_as_it_is():
    before = {"state": "stopped", "script": None, "settings": None, "set_up": False}
    after = {
        "state": "running",
        "script": "#!/bin/sh\nexec x\n",
        "settings": "port = 1\n",
        "set_up": True,
        "config": {".x/b": "two\n", ".x/a": "one\n"},
    }

    diffs = command.differences([result(changed=True, before=before, after=after), result()])

    assert diffs == [
        {
            "before_header": "web of alice",
            "after_header": "web of alice",
            "before": 'set_up: false\nstate: "stopped"\n',
            "after": 'set_up: true\nstate: "running"\nsettings:\nport = 1\n'
            "script:\n#!/bin/sh\nexec x\n.x/a:\none\n.x/b:\ntwo\n",
        }
    ]


def test_a_call_that_was_wrong_as_a_whole_is_told_in_the_commands_words():
    out = json.dumps({"schema": 1, "results": [], "error": {"message": "no such account"}})

    assert (
        failure(FakeModule(2, out, "sbatch-service: no such account"))["msg"] == "no such account"
    )

"""What the module asks of the command."""

from __future__ import annotations

import pytest
from ansible_collections.sciportal.hosting.plugins.modules import sbatch_service

NOTHING = {
    "name": None,
    "services": None,
    "account": None,
    "script": None,
    "settings": None,
    "config": None,
    "src": None,
    "force": None,
}
NO_FILES = {"script": None, "settings": None}


def entries(**params):
    whole = {**NOTHING, "state": "deployed", "archive": True, **params}
    return sbatch_service.document(whole)["services"]


def test_each_name_gets_the_tasks_options():
    config = {"options": {"EnablePHP": True}}
    given = {"state": "present", "account": "alice", "config": config, "force": True}

    assert entries(name=["a", "b"], **given) == [
        {"service": name, **NO_FILES, **given} for name in ("a", "b")
    ]


def test_an_entry_wins_over_the_task_and_takes_the_rest_from_it():
    files = {"script": "x", "settings": {"port": 1}, "config": {}}
    own = {"name": "a", "state": "present", "account": None, "force": False, **files}
    bare = {**NOTHING, "name": "b", "state": None, "account": "bob"}

    assert entries(services=[own, bare], account="alice", force=True) == [
        {"service": "a", "state": "present", "account": "alice", **files},
        {"service": "b", "state": "deployed", "account": "bob", "force": True, **NO_FILES},
    ]


def test_a_command_that_knows_of_no_data_is_told_of_none():
    assert entries(name=["a"]) == [
        {"service": "a", "state": "deployed", "account": None, **NO_FILES}
    ]


def test_the_archive_is_the_tasks_to_decide():
    params = {**NOTHING, "name": ["a"], "state": "absent", "archive": False}

    assert sbatch_service.document(params)["archive"] is False


@pytest.mark.parametrize(
    ("wait", "timeout", "check", "expected"),
    [
        (False, None, False, ["apply", "--json"]),
        (False, 5, True, ["apply", "--json", "--check"]),
        (True, None, False, ["apply", "--json", "--wait"]),
        (True, 5, True, ["apply", "--json", "--check", "--wait=5"]),
    ],
)
def test_the_words_of_the_call(wait, timeout, check, expected):
    assert sbatch_service.words({"wait": wait, "timeout": timeout}, check) == expected

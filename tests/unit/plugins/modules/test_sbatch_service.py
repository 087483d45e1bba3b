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
    "src": None,
}


def entries(**params):
    whole = {**NOTHING, "state": "deployed", "archive": True, **params}
    return sbatch_service.document(whole)["services"]


def test_each_name_gets_the_tasks_options():
    assert entries(name=["a", "b"], state="stopped", account="alice") == [
        {"service": name, "state": "stopped", "account": "alice", "script": None, "settings": None}
        for name in ("a", "b")
    ]


def test_an_entry_wins_over_the_task_and_takes_the_rest_from_it():
    own = {"name": "a", "state": "present", "account": None, "script": "x", "settings": {"port": 1}}
    bare = {"name": "b", "state": None, "account": "bob", "script": None, "settings": None}

    assert entries(services=[own, bare], account="alice") == [
        {
            "service": "a",
            "state": "present",
            "account": "alice",
            "script": "x",
            "settings": {"port": 1},
        },
        {"service": "b", "state": "deployed", "account": "bob", "script": None, "settings": None},
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

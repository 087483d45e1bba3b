"""The words of the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import words
from sciportal.service.errors import UsageError


def refused(*argv: str) -> str:
    with pytest.raises(UsageError) as raised:
        words.parse(argv)
    assert raised.value.exit_code == 2
    return str(raised.value)


@pytest.mark.parametrize("action", words.ACTIONS)
def test_every_action_takes_services(action):
    found = words.parse([action, "web", "wiki"])
    assert (found.action, found.services) == (action, ["web", "wiki"])


@pytest.mark.parametrize("action", [each for each in words.ACTIONS if each != "init"])
def test_every_action_but_init_may_name_none(action):
    assert words.parse([action]).services == []


def test_init_names_its_services():
    assert "sbatch-service init SERVICE" in refused("init")


def test_a_service_that_is_named_twice_is_one():
    assert words.parse(["start", "b", "a", "b"]).services == ["b", "a"]


def test_without_an_option_nothing_is_asked_for():
    found = words.parse(["status"])
    assert (found.wait, found.lock_timeout, found.account) == (None, None, None)
    assert not (found.json or found.check or found.yes or found.no_archive)


@pytest.mark.parametrize(
    "argv",
    [
        ["start", "web", "--check", "--json", "--wait=5"],
        ["--check", "--json", "--wait=5", "start", "web"],
        ["start", "--check", "web", "--wait=5", "--json"],
    ],
    ids=" ".join,
)
def test_options_may_stand_anywhere(argv):
    found = words.parse(argv)
    assert (found.action, found.services) == ("start", ["web"])
    assert (found.check, found.json, found.wait) == (True, True, 5)


def test_wait_takes_seconds_only_behind_an_equals_sign():
    alone = words.parse(["start", "--wait", "web"])
    assert (alone.services, alone.wait) == (["web"], 0)
    timed = words.parse(["start", "--wait=5", "web"])
    assert (timed.services, timed.wait) == (["web"], 5)
    assert words.parse(["start", "web", "--wait"]).services == ["web"]


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "1e99", "86401", "soon", ""])
@pytest.mark.parametrize("option", ["--wait", "--lock-timeout"])
def test_a_time_that_is_none_is_refused(option, value):
    assert option in refused("start", "web", f"{option}={value}")


def test_a_lock_may_be_not_waited_for_at_all():
    assert words.parse(["stop", "--lock-timeout=0"]).lock_timeout == 0


@pytest.mark.parametrize("action", ["strat", "START", "", "web", "--", "list all"])
def test_an_unknown_action_is_refused_with_the_known_ones(action):
    assert "init, deploy, start" in refused(action)


def test_a_call_without_words_is_refused_with_the_actions():
    assert "init, deploy, start" in refused()


@pytest.mark.parametrize(
    "name", ["../x", "", "x" * 300, "WEB", "log", "a b", "web\n", "-", "wéb", "./web", "web;id"]
)
@pytest.mark.parametrize("action", words.ACTIONS)
def test_a_bad_service_name_is_refused_for_every_action(action, name):
    assert "a service name" in refused(action, name)


@pytest.mark.parametrize("word", ["-rf", "--force", "--jso", "--wai=5", "-x", "--json=yes"])
def test_an_unknown_option_is_refused_and_shown(word):
    assert word.partition("=")[0].lstrip("-") in refused("purge", word, "web")


def test_a_name_with_a_dash_is_no_name_behind_two_dashes_either():
    assert "a service name" in refused("purge", "--", "-rf")


def test_an_option_without_its_value_is_refused():
    assert "--account" in refused("status", "--account")


def test_apply_takes_its_services_from_standard_input():
    assert words.parse(["apply", "--json"]).action == "apply"
    assert "standard input" in refused("apply", "web")


def test_the_help_names_every_action_and_exit_code(capsys):
    with pytest.raises(SystemExit) as raised:
        words.parse(["--help"])
    assert raised.value.code == 0
    said = capsys.readouterr().out
    assert all(action in said for action in words.ACTIONS)
    assert all(f"{code} " in said for code in (0, 1, 2, 3, 4, 5, 6))


@given(st.lists(st.one_of(st.text(max_size=8), st.sampled_from(["start", "--wait", "web"]))))
def test_whatever_is_typed_is_a_call_or_one_usage_error(argv):
    if any(word.startswith("-h") or word == "--help" for word in argv):
        return
    try:
        found = words.parse(argv)
    except UsageError:
        return
    assert found.action in (*words.ACTIONS, words.APPLY) or found.check_site

"""What --help says."""

from __future__ import annotations

import shlex

import pytest

from sciportal.service import words
from sciportal.service.manual import EXAMPLES, EXITS, VERBS
from sciportal.service.options import SHOWN
from unit.service.imported import modules


def said(capsys, *argv: str) -> str:
    with pytest.raises(SystemExit) as raised:
        words.parse(argv)
    assert raised.value.code == 0
    return capsys.readouterr().out


def test_every_verb_is_in_the_manual():
    assert tuple(VERBS) == words.VERBS


def test_the_help_has_actions_options_examples_and_exit_codes(capsys):
    text = said(capsys, "--help")
    for name, verb in VERBS.items():
        assert f"  {name.ljust(8)} {verb.summary}\n" in text
    for option in ("-h, --help", "--wait[=SECONDS]", "-n N, --lines=N", "--lock-timeout=SECONDS"):
        assert f"  {option} " in text
    for call, _meaning in EXAMPLES:
        assert f"  sbatch-service {call} " in text
    for code in EXITS:
        assert f"\n  {str(code).ljust(4)} " in text
    assert "--check-site" not in text
    assert "`" not in text


@pytest.mark.parametrize("verb", VERBS)
def test_each_action_has_its_own_help(capsys, verb):
    text = said(capsys, verb, "--help")
    assert text.startswith(f"usage: sbatch-service {verb} ")
    assert "\nexamples:\n  sbatch-service " + verb in text
    shown = {word.split("=")[0].split("[")[0] for word in text.split() if word.startswith("--")}
    assert {*VERBS[verb].options, "--help", "--account"} <= shown


@pytest.mark.parametrize(
    "argv", [["stop", "web", "-h"], ["-h", "stop"], ["--wait", "-h", "stop", "web"]], ids=" ".join
)
def test_help_may_stand_anywhere(capsys, argv):
    assert said(capsys, *argv).startswith("usage: sbatch-service stop ")


def test_the_help_of_no_action_is_that_of_all(capsys):
    assert said(capsys, "strat", "-h") == said(capsys, "-h")


def test_help_fits_into_80_columns(capsys):
    for argv in (["-h"], *([verb, "-h"] for verb in VERBS)):
        assert max(map(len, said(capsys, *argv).splitlines())) <= 80


def test_every_option_belongs_to_an_action():
    listed = {each for verb in VERBS.values() for each in verb.options} | {"--help", "--account"}
    assert listed == {each.forms[-1] for each in SHOWN}


@pytest.mark.parametrize(
    "call", [call for verb in VERBS.values() for call, _meaning in (*verb.examples, *EXAMPLES)]
)
def test_examples_are_calls(call):
    assert words.parse(shlex.split(call)).action in VERBS


def test_what_only_some_calls_need_is_not_imported_for_the_others():
    found = modules(["status"])
    for late in ("manual", "usage", "details", "progress"):
        assert f"sciportal.service.{late}" not in found
    assert "textwrap" not in found

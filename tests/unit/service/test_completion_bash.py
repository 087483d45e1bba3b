"""Completion in bash, by a real bash."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from sciportal.service.manual import VERBS

# As the role writes it, but for the place of the types.
WRITTEN = Path(__file__).resolve().parents[2] / "golden/service/sbatch-service.bash"
# What the programmable completion of bash gives a function, and what it takes from it.
ASK = """
. {script}
COMP_WORDS=({words})
COMP_CWORD=$(( {count} - 1 ))
_sbatch_service
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def home(tmp_path) -> Path:
    """A home whose path and files are as awkward as they can be."""
    home = tmp_path / "a home $(touch ran) 'x'*"
    state = home / ".sbatch-service/.state"
    state.mkdir(parents=True)
    for name in ("web", "wiki", "web.toml", "log", "a--b", "$(touch ran)", "x y", "`id`", "Web"):
        (home / ".sbatch-service" / name).touch()
    (home / ".sbatch-service/line\nbreak").touch()
    for name in ("old.json", "web.json", "web.run", "web.lock"):
        (state / name).touch()
    return home


@pytest.fixture
def complete(home, tmp_path):
    """Complete a call: its words, the last of them at the cursor."""
    types = tmp_path / "types"
    types.mkdir()
    (types / "apache").touch()
    script = tmp_path / "completion"
    script.write_text(WRITTEN.read_text().replace("/etc/sbatch-service", str(types)))

    def ask(*words: str, before: str = "") -> list[str]:
        typed = " ".join(shlex.quote(word) for word in ("sbatch-service", *words))
        done = subprocess.run(
            [
                "bash",
                "--norc",
                "-c",
                before
                + ASK.format(script=shlex.quote(str(script)), words=typed, count=len(words) + 1),
            ],
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        assert not list(tmp_path.rglob("ran"))
        return done.stdout.split()

    return ask


def test_the_first_word_is_an_action(complete):
    assert complete("") == list(VERBS)
    assert complete("re") == ["restart", "reload"]
    assert complete("--check", "st") == ["start", "stop", "status"]
    assert complete("nothing") == []


@pytest.mark.parametrize("verb", [each for each in VERBS if each not in ("init", "deploy")])
def test_the_others_are_services_that_are_known(complete, verb):
    assert sorted(complete(verb, "")) == ["old", "web", "wiki"]
    assert complete(verb, "we") == ["web"]


@pytest.mark.parametrize("verb", ["init", "deploy"])
def test_types_of_the_site_can_be_set_up(complete, verb):
    assert complete(verb, "a") == ["apache"]
    assert complete("start", "a") == []


def test_a_service_that_was_named_is_not_offered_again(complete):
    assert complete("stop", "web", "w") == ["wiki"]
    assert complete("stop", "--wait", "=", "5", "web", "w") == ["wiki"]


def test_options_are_those_of_the_action(complete):
    assert complete("logs", "--") == ["--help", "--account", "--follow", "--lines"]
    assert "--no-archive" in complete("purge", "--n")
    assert complete("start", "--yes") == []
    assert "--yes" in complete("--")


@pytest.mark.parametrize(
    "words", [("--lock-timeout", ""), ("-n", "1"), ("--wait", "="), ("-n", "")]
)
def test_nothing_is_offered_for_a_number(complete, words):
    assert complete("start", *words) == []


def test_the_value_of_an_option_is_no_action(complete):
    assert complete("--lock-timeout", "5", "sta") == ["start", "status"]


@pytest.mark.parametrize(
    "words",
    [("--account", ""), ("--account", "="), ("--account", "=", "")],
    ids=" ".join,
)
def test_accounts_are_members_of_the_group(complete, words):
    getent = 'getent() { [ "$*" = "group service-pool" ] && echo "x:*:1:alice,bob"; }\n'
    assert complete("status", *words, before=getent) == ["alice", "bob"]


@pytest.mark.parametrize(
    "words", [("--account", "alice"), ("--account", "=", "alice"), ("--account=alice",)]
)
def test_services_are_those_of_the_account_that_is_named(complete, tmp_path, words):
    other = tmp_path / "alice"
    (other / ".sbatch-service").mkdir(parents=True)
    (other / ".sbatch-service/shop").touch()
    getent = f'getent() {{ [ "$*" = "passwd alice" ] && echo "alice:x:1:1:A:{other}:/bin/sh"; }}\n'
    assert complete("stop", *words, "", before=getent) == ["shop"]


def test_an_account_that_can_be_none_is_not_looked_up(complete):
    getent = 'getent() { echo "looked up: $*" >&2; }\n'
    assert "web" in complete("stop", "--account", "-s x", "", before=getent)


@pytest.mark.parametrize("option", ["shopt -s failglob", "shopt -s nullglob", "set -f", "set -u"])
def test_settings_of_the_shell_change_nothing(complete, option):
    assert complete("stop", "we", before=option + "\n") == ["web"]


def test_a_home_without_services_has_none(complete, home):
    (home / ".sbatch-service").rename(home / "elsewhere")
    assert complete("stop", "") == []
    assert complete("init", "") == ["apache"]

"""Completion in zsh, by a real zsh on a terminal."""

from __future__ import annotations

import os
import pty
import select
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sciportal.service.manual import VERBS

# As the role writes it, but for the place of the types.
WRITTEN = Path(__file__).resolve().parents[2] / "golden/service/_sbatch-service"
# compadd is how a completion hands over its matches: each call is noted, then done. ^T begins the
# completion of a line that a file holds.
SET_UP = """
PS1= PS2= RPS1=
fpath=({functions} $fpath)
autoload -U compinit && compinit -D -u
compadd() {{
    local -a matches
    # _describe asks for the matches in an array first: that is no answer yet.
    [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\\ * ]] || {{
        builtin compadd -A matches "$@"
        print -rl -- $matches >>{answer}
    }}
    builtin compadd "$@"
}}
ask() {{
    BUFFER=$(<{question}) CURSOR=${{#BUFFER}}
    : >{answer}
    zle list-choices
    BUFFER=
    print done >>{answer}
}}
zle -N ask
bindkey '^T' ask
print ready >{answer}
"""


class Shell:
    """A zsh that completes lines."""

    def __init__(self, place: Path, home: Path) -> None:
        self.question, self.answer = place / "question", place / "answer"
        self.answer.touch()
        names = {"functions": place / "functions", "answer": self.answer, "question": self.question}
        script = SET_UP.format(**{key: shlex.quote(str(path)) for key, path in names.items()})
        (place / "set-up").write_text(script)
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            ["zsh", "-f", "-i"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8"},
            cwd=place,
            start_new_session=True,
        )
        os.close(slave)
        self.type(f" . {shlex.quote(str(place / 'set-up'))}\n", "ready")

    def type(self, keys: str, last: str) -> list[str]:
        """Type something, and read what was handed over up to the last line."""
        os.write(self.master, keys.encode())
        end = time.monotonic() + 30
        while (lines := self.answer.read_text().splitlines())[-1:] != [last]:
            assert time.monotonic() < end, "zsh does not answer"
            # What it prints has to be read, lest it wait for us.
            if select.select([self.master], [], [], 0.02)[0]:
                os.read(self.master, 4096)
        return lines[:-1]

    def complete(self, *words: str) -> list[str]:
        self.question.write_text("sbatch-service " + " ".join(words))
        self.answer.write_text("")
        return self.type("\x14", "done")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A home whose path and files are as awkward as they can be."""
    home = tmp_path_factory.mktemp("homes") / "a home $(touch ran) 'x'*"
    state = home / ".sbatch-service/.state"
    state.mkdir(parents=True)
    names = ("web", "wiki", "web.toml", "log", "a--b", "$(touch ran)", "x y", "`id`", "line\nbreak")
    for name in names:
        (home / ".sbatch-service" / name).touch()
    for name in ("old.json", "web.json", "web.run"):
        (state / name).touch()
    return home


@pytest.fixture(scope="module")
def shell(home, tmp_path_factory) -> Iterator[Shell]:
    place = tmp_path_factory.mktemp("zsh")
    for name in ("types", "functions"):
        (place / name).mkdir()
    (place / "types/apache").touch()
    written = WRITTEN.read_text().replace("/etc/sbatch-service", str(place / "types"))
    (place / "functions/_sbatch-service").write_text(written)
    shell = Shell(place, home)
    yield shell
    shell.process.kill()
    shell.process.wait()
    os.close(shell.master)
    assert not list(place.rglob("ran"))


def test_the_first_word_is_an_action(shell):
    assert sorted(shell.complete("")) == sorted(VERBS)
    assert sorted(shell.complete("re")) == ["reload", "restart"]
    assert sorted(shell.complete("--check", "st")) == ["start", "status", "stop"]


@pytest.mark.parametrize("verb", [each for each in VERBS if each not in ("init", "deploy")])
def test_the_others_are_services_that_are_known(shell, verb):
    assert sorted(shell.complete(verb, "")) == ["old", "web", "wiki"]


@pytest.mark.parametrize("verb", ["init", "deploy"])
def test_types_of_the_site_can_be_set_up(shell, verb):
    assert shell.complete(verb, "a") == ["apache"]


def test_a_service_that_was_named_is_not_offered_again(shell):
    assert shell.complete("stop", "web", "w") == ["wiki"]
    assert shell.complete("stop", "--wait=5", "web", "w") == ["wiki"]


def test_options_are_those_of_the_action(shell):
    found = shell.complete("logs", "--")
    assert sorted(found) == ["--account", "--follow", "--help", "--lines"]
    assert shell.complete("purge", "--n") == ["--no-archive"]
    assert "--yes" in shell.complete("--")


@pytest.mark.parametrize("words", [("--lock-timeout", ""), ("-n", ""), ("--wait=",)])
def test_nothing_is_offered_for_a_number(shell, words):
    assert shell.complete("start", *words) == []


@pytest.mark.parametrize("words", [("--account", "ro"), ("--account=ro",)])
def test_accounts_are_members_of_the_group(shell, words):
    shell.type(" getent() { [[ $* == 'group service-pool' ]] && print x:x:1:root,sync }\n", "done")
    assert shell.complete("status", *words) == ["root"]
    shell.type(" unfunction getent\n", "done")

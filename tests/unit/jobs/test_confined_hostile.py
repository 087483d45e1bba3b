"""A hostile job beside another one of the same account, under each layer."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from confined import judge
from confined.place import Place

_numbers = itertools.count()


@pytest.fixture(scope="module")
def possible(place: Place) -> set[str]:
    """The attempts that succeed where nothing confines."""
    report, _directory = place.attack("unconfined", "--layer", "none")
    return judge.done(report["tried"])


def attacked(place: Place, layer: str, network: str) -> tuple[dict[str, Any], Path]:
    """A hostile job's report, and the sibling's directory."""
    name = f"{layer}-{next(_numbers)}"
    return place.attack(name, "--layer", layer, "--network", network)


def test_attempts_are_real(possible: set[str], place: Place) -> None:
    report, _directory = place.attack("unconfined-again", "--layer", "none")
    assert set(report["tried"]) - possible <= judge.RARE


@pytest.mark.parametrize("network", ["none", "host"])
def test_nothing_succeeds_but_what_is_said_to_be_open(
    place: Place, layer: str, network: str, offered: Any, possible: set[str]
) -> None:
    report, _directory = attacked(place, layer, network)
    abi = offered["landlock"]["abi"]
    open_ = judge.leaves_open(layer, abi, network=network == "host")
    assert judge.done(report["tried"]) == open_ & possible, report["tried"]


def test_the_sibling_is_as_it_was(place: Place, layer: str) -> None:
    report, directory = attacked(place, layer, "none")
    done = judge.done(report["tried"])
    for each in ("secret", "appended", "emptied", "removed", "renamed", "linked"):
        if not (each == "emptied" and "empty" in done):
            assert (directory / each).read_text() == "what is nobody else's"
    assert {each.name for each in directory.iterdir()} - {"signalled"} == {
        *("secret", "appended", "emptied", "removed", "renamed", "linked", "moded", "timed"),
        *("ready", "socket", ".tmp", ".config", ".cache", ".local", ".run"),
    }
    assert (directory / "signalled").exists() == ("signal" in done)


def test_the_job_itself_works(place: Place, layer: str) -> None:
    report, _directory = attacked(place, layer, "none")
    assert report["own"]["no_new_privileges"]


def test_a_job_cannot_reach_what_is_not_named(place: Place, layer: str) -> None:
    text = """
import json, os
def look(path):
    try:
        return bool(os.listdir(path) if os.path.isdir(path) else open(path).read())
    except OSError:
        return False
print(json.dumps({path: look(path) for path in PATHS}))
"""
    closed = ["/home", "/root", "/srv", "/opt", "/mnt", "/var/log", "/run/systemd", "/etc/shadow"]
    closed += ["/etc/ssh", "/etc/cron.d", "/etc/sudoers", "/boot", "/tmp/.X11-unix", "/var/lib"]
    open_ = ["/etc/passwd", "/usr/bin", "/proc/self/status", "/sys/devices/system/cpu"]
    listed = text.replace("PATHS", repr([*closed, *open_]))
    found = place.python(f"{layer}-looks", listed, "--layer", layer)
    assert {path for path, seen in found.items() if seen} == set(open_)


def test_what_it_may_read_it_cannot_change(place: Place, layer: str) -> None:
    shown = place.root / f"shown-{layer}"
    shown.mkdir()
    shown.chmod(0o777)
    (shown / "data").write_text("given")
    (shown / "data").chmod(0o666)
    text = f"""
import json, os
def fails(what):
    try:
        what()
    except OSError:
        return True
    return False
here = {str(shown)!r}
print(json.dumps([
    open(here + "/data").read(),
    fails(lambda: open(here + "/data", "a")),
    fails(lambda: open(here + "/new", "w")),
    fails(lambda: os.unlink(here + "/data")),
]))
"""
    found = place.python(f"{layer}-reads", text, "--layer", layer, "--read", str(shown))
    assert found == ["given", True, True, True]

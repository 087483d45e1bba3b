"""Killed at any system call that changes something, the command is finished by the next run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pytest

from model import services
from model.files import archived, is_of
from model.host import MESSAGE_SECONDS, Host, call, undisturbed, wait_for
from model.services import SILENT, Service
from model.tracer import Call, changing, killed_at, traced

SCRIPT = '#!/bin/sh\n[ "$1" != reload ] || echo WINCH\n[ "$1" != main ] || exec sleep 100000\n'
SETTINGS = 'restart = "on-failure"\n'
TRACE = "/tmp/trace-of-dave"
# Commands that are killed at the same time, each at another place.
_AT_ONCE = 16
_REFUSED_SECONDS = 3


class Crash(NamedTuple):
    """A service of its own, whose command is killed at one of its system calls."""

    name: str
    at: Call


@pytest.fixture
def host() -> Iterator[Host]:
    """The account in whose home the crashes are."""
    made = Host("dave")
    made.wipe()
    yield made
    made.wipe()
    made.close()


@pytest.mark.parametrize(
    ("action", "before"),
    [
        ("init", None),
        ("init", "deploy"),
        ("deploy", None),
        ("start", "init"),
        ("restart", "deploy"),
        ("reload", "deploy"),
        ("stop", "deploy"),
        ("purge", "init"),
        ("purge", "deploy"),
    ],
)
def test_the_next_run_finishes_what_was_killed(host: Host, action: str, before: str | None) -> None:
    crashes = _enumerate(host, action, before)
    killed = 0
    # Only the purge of the last service removes what all have in common.
    at_once = 1 if (action, before) == ("purge", "init") else _AT_ONCE
    for begin in range(0, len(crashes), at_once):
        with undisturbed():
            killed += _crash(host, action, before, crashes[begin : begin + at_once])
    print(f"{action} after {before}: killed at {killed} of {len(crashes)} system calls")
    # How often the queue is looked at depends on Slurm: the last numbers may not be reached.
    assert killed > 0.8 * len(crashes)


def _enumerate(host: Host, action: str, before: str | None) -> list[Crash]:
    """One crash for each system call that a run which nobody kills makes."""
    with undisturbed():
        _prepare(host, action, before, ["whole"])
        ended = host.run(*traced(TRACE, call(action, ["whole"])))
        assert ended.code == 0, ended
        found = changing(host.run("cat", TRACE).out)
        host.run("rm", TRACE)
        host.run(*call("purge", ["whole"]))
    return [Crash(f"{action}-{number}", each) for number, each in enumerate(found, 1)]


def _prepare(
    host: Host, action: str, before: str | None, names: Sequence[str]
) -> dict[str, Service]:
    for name in names:
        path = f".sbatch-service/{name}"
        host.write({path: SCRIPT, f"{path}.toml": SETTINGS})
    now = dict.fromkeys(names, Service(SCRIPT, SETTINGS))
    if before is None:
        return now
    code, now = services.act_on(before, names, now)
    assert host.run(*call(before, names)).code == code
    if before == "deploy":
        running = {name: ["RUNNING"] for name in names}
        wait_for(lambda: host.jobs() == running, 60)
    if before == "deploy" and action == "restart":
        # Within that time job_submit.lua refuses another job of the name, and the command tries
        # again and again: the same few system calls.
        time.sleep(_REFUSED_SECONDS)
    return now


def _crash(host: Host, action: str, before: str | None, crashes: Sequence[Crash]) -> int:
    """Kill some commands, each at its place, and run them again; how many were killed in time."""
    names = [each.name for each in crashes]
    now = _prepare(host, action, before, names)
    ended = host.run_all(
        [
            {"argv": killed_at(each.at.name, each.at.number, call(action, [each.name]))}
            for each in crashes
        ]
    )
    _check_one_job(host, crashes)
    _check_files(host.tree(), crashes, may_be_purged=action == "purge")

    wanted = {name: services.act(action, now[name]) for name in names}
    left = dict.fromkeys(names, -1)
    end = time.monotonic() + 2 * MESSAGE_SECONDS + 10
    while left:
        # Where nobody knows whether it was submitted, the state stays unknown for a while.
        # A purge of every service finds the one of which only half is left.
        all_named = len(names) > 1 or action != "purge"
        again = host.run_all([{"argv": call(action, [name][:all_named])} for name in left])
        for name, each in zip(list(left), again, strict=True):
            if each.code != SILENT or time.monotonic() > end:
                assert each.code == wanted[name][0], (_of(crashes, name), each)
                del left[name]
        _check_one_job(host, crashes)
    live = {name for name, (_, after) in wanted.items() if after.is_live}
    assert set(host.jobs()) == live
    if action != "purge":
        _check_files(host.tree(), crashes, may_be_purged=False)
    _check_purge(host, names)
    return sum(each.code < 0 for each in ended)


def _check_one_job(host: Host, crashes: Sequence[Crash]) -> None:
    for name, states in host.jobs().items():
        assert len(states) == 1, (_of(crashes, name), states)


def _of(crashes: Sequence[Crash], name: str) -> Crash:
    return next(each for each in crashes if each.name == name)


def _check_files(
    files: Mapping[str, str], crashes: Sequence[Crash], *, may_be_purged: bool
) -> None:
    """No file of the account is lost: it is where it was, or in an archive."""
    for each in crashes:
        path = f".sbatch-service/{each.name}"
        for own, text in ((path, SCRIPT), (f"{path}.toml", SETTINGS)):
            if may_be_purged and own not in files:
                assert text in archived(files, own), each
            else:
                assert files.get(own) == text, each


def _check_purge(host: Host, names: Sequence[str]) -> None:
    """A purge leaves nothing, whatever a crash had left; it empties the account for the next."""
    ended = host.run(*call("purge", names))
    assert ended.code == 0, ended
    files = host.tree()
    left = [path for path in files if any(is_of(name, path) for name in names)]
    assert not left
    assert not [path for path in files if path.startswith(".sbatch-service/")]
    assert not [path for path in files if path.endswith(".partial")]

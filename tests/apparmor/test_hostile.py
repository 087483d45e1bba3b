"""A hostile job beside another one of its account, under a profile and each layer."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import host
import pytest
from seeds import Seed

from confined import judge

UNTOUCHED = {"secret", "appended", "emptied", "removed", "renamed", "linked"}
# What the kernel's AppArmor does not know: looking by stat(2), times, System V memory, and sockets
# of the file system and without a path.
UNKNOWN = {"stat", "utime", "shared memory"}
SOCKETS = {"socket", "abstract socket", "datagram by a pair"}
_numbers = itertools.count()


def attacked(seed: Seed, profile: str, layer: str) -> tuple[dict[str, Any], Path]:
    """A hostile job's report, and the sibling's directory."""
    options = ("--profile", profile, "--layer", layer)
    return seed.place.attack(f"{layer}-{next(_numbers)}", *options)


def slots(seed: Seed, layer: str) -> tuple[dict[str, Any], Path]:
    """The same in a slot, beside a job in the directory of another one."""
    for each in ("slot1", "slot2"):
        shutil.rmtree(seed.jobs / each, ignore_errors=True)
    options = ("--profile", "reflworkerd//slot1", "--layer", layer)
    return seed.place.attack("slot1", *options, sibling="slot2")


def untouched(directory: Path) -> None:
    """The sibling's directory is as it was."""
    for each in UNTOUCHED:
        assert (directory / each).read_text() == "what is nobody else's"
    assert not (directory / "signalled").exists()


def test_every_attempt_fails_in_namespaces(bumps: Seed) -> None:
    with host.denials() as denied:
        report, directory = attacked(bumps, "bumpworkd//model", "bubblewrap")
    assert judge.done(report["tried"]) == set(), report["tried"]
    assert denied.of("bumpworkd//model")
    assert report["own"]["no_new_privileges"]
    untouched(directory)


def test_with_landlock_a_slot_leaves_no_more_than_stat_and_times(reflectometry: Seed) -> None:
    with host.denials() as denied:
        report, directory = slots(reflectometry, "landlock")
    assert judge.done(report["tried"]) == UNKNOWN, report["tried"]
    assert denied.of("reflworkerd//slot1")
    untouched(directory)


def test_alone_a_slot_leaves_sockets_as_well(reflectometry: Seed) -> None:
    with host.denials() as denied:
        report, directory = slots(reflectometry, "none")
    assert judge.done(report["tried"]) == UNKNOWN | SOCKETS, report["tried"]
    assert denied.of("reflworkerd//slot1", operation="open", name=f"{directory}/secret")
    untouched(directory)


def test_one_profile_for_all_jobs_cannot_tell_their_directories_apart(bumps: Seed) -> None:
    report, _directory = attacked(bumps, "bumpworkd//model", "none")
    done = judge.done(report["tried"])
    # The seed's open problem, for which the layers are there.
    assert {"read", "create", "remove"} <= done
    # What needs no directory is over already.
    assert not done & {"port", "datagram", "mount", "ptrace", "read its memory", "signal"}


@pytest.mark.parametrize("layer", ["bubblewrap", "landlock", "none"])
def test_a_job_under_a_profile_that_is_not_loaded_does_not_run(bumps: Seed, layer: str) -> None:
    options = ("--layer", layer, "--profile", "bumpworkd//nonesuch")
    ended = bumps.place.job(f"{layer}-nonesuch", ["/bin/echo", "ran"], *options)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "change to the profile bumpworkd//nonesuch: " in ended.stderr

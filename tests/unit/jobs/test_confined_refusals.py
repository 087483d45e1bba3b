"""What is wrong with a call is said in three parts, and nothing is run or made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from confined.place import PYTHON, Place

CALL = [PYTHON, "-m", "sciportal.jobs.confinement.cli"]


def refused(place: Place, words: list[str], code: int, *parts: str) -> None:
    """The call is refused with these words, and its program does not run."""
    ended = place.run([*CALL, *words])
    assert ended.returncode == code, ended
    assert ended.stdout == ""
    for part in parts:
        assert part in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_directory_that_is_none_of_the_jobs(place: Place) -> None:
    place.directory("exists")
    advice = "give a directory of the job's own with --directory"
    for path, found in {
        "jobs/exists": "the path is not absolute",
        "/nowhere": "it is no directory",
        "/etc/passwd": "it is no directory",
        "/": "/ belongs to the system",
        "/usr/share": "/usr/share belongs to the system",
        "/proc/self": "belongs to the system",
        "/var": f"it belongs to uid 0, not to {place.directory('exists').stat().st_uid}",
    }.items():
        refused(place, ["--directory", path, "--", "true"], 2, path, found, advice)


def test_what_would_show_other_jobs(place: Place) -> None:
    own = place.directory("shows")
    link = own.parent.parent / "link"
    link.symlink_to(own.parent)
    for path, found in {
        str(own.parent): "so are those of other jobs",
        str(link): "so are those of other jobs",
        str(own): "so are those of other jobs",
        "/": "so are those of other jobs",
        "/proc": "it is the kernel's",
        "/nowhere": "it is not there",
        "lib": "the path is not absolute",
    }.items():
        words = ["--directory", str(own), "--read", path, "--", "true"]
        refused(place, words, 2, f"let a program read {path!r}", found)


def test_no_program(place: Place) -> None:
    own = str(place.directory("nothing"))
    refused(place, ["--directory", own], 2, "there is no program after --", "--help")
    refused(place, ["--directory", own, "--"], 2, "there is no program after --")
    refused(place, ["--", "true"], 2, "there is no --directory", "--help")
    words = ["--directory", own, "--"]
    refused(place, [*words, "nonesuch"], 2, "run 'nonesuch'", "no program of that name", "PATH")
    refused(place, [*words, "./nonesuch"], 2, "no program of that name")
    refused(place, [*words, "/etc/passwd"], 2, "no program of that name")


def test_a_program_that_it_could_not_see(place: Place) -> None:
    own = place.directory("blind")
    for name in ("elsewhere", "a=b"):
        program = own / name if "=" in name else own.parent.parent / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    (own / "through").symlink_to(own.parent.parent / "elsewhere")
    elsewhere = str(own.parent.parent / "elsewhere")
    words = ["--directory", str(own), "--"]
    for each in (elsewhere, "./through"):
        refused(place, [*words, each], 2, f"it could not see {elsewhere}", "with --read")
    refused(place, [*words, "./a=b"], 2, "its path has a =")


def test_a_variable_that_has_no_name(place: Place) -> None:
    own = str(place.directory("variable"))
    words = ["--directory", own, "--env", "A-B=1", "--", "true"]
    refused(place, words, 2, "give a program 'A-B=1'", "'A-B' is no name", "NAME=VALUE")


@pytest.mark.parametrize("option", ["--cpu", "--file-size", "--processes"])
@pytest.mark.parametrize("value", ["0", "-1", "much", "1.5"])
def test_a_limit_that_is_no_number(place: Place, option: str, value: str) -> None:
    own = str(place.directory("limit"))
    ended = place.run([*CALL, "--directory", own, option, value, "--", "true"])
    assert ended.returncode == 2
    assert f"argument {option}: invalid" in ended.stderr or "expected one" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_profile_that_cannot_be_had(place: Place) -> None:
    own = str(place.directory("profile"))
    words = ["--directory", own, "--profile"]
    wanted = "change to the profile"
    refused(place, [*words, "a b", "--", "true"], 2, f"{wanted} 'a b'", "give one with --profile")
    refused(place, [*words, "", "--", "true"], 2, f"{wanted} ''", "give one with --profile")


@pytest.mark.parametrize("layer", ["bubblewrap", "landlock", "none"], indirect=True)
def test_a_profile_that_is_not_there(place: Place, layer: str) -> None:
    own = str(place.directory(f"{layer}-profile"))
    # Either the kernel has no AppArmor, or nobody has loaded that.
    words = ["--directory", own, "--layer", layer, "--profile", "worker//nonesuch"]
    ended = place.run([*CALL, *words, "--", "echo", "ran"])
    assert ended.returncode == 1, ended
    assert "change to the profile worker//nonesuch: " in ended.stderr
    assert ended.stderr.rstrip().endswith("load it, by the role apparmor")
    assert ended.stdout == ""


def test_a_link_in_the_place_of_a_directory_leads_nowhere(place: Place, layer: str) -> None:
    other = place.directory(f"{layer}-other")
    own = place.directory(f"{layer}-linked")
    (own / ".cache").symlink_to(other)
    words = ["--directory", str(own), "--layer", layer, "--", "true"]
    ended = place.run([*CALL, *words])
    assert ended.returncode == 1
    assert f"make {own}/.cache" in ended.stderr
    assert "something else is in its place; remove that" in ended.stderr
    assert list(other.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="root is needed to be refused")
def test_root_has_no_jobs(tmp_path: Path) -> None:
    words = [*CALL, "--directory", str(tmp_path), "--", "touch", "ran"]
    source = str(Path(__file__).parents[3] / "src")
    ended = subprocess.run(
        words, env={"PYTHONPATH": source}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 5
    assert "this is root; run it as the job's account" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_says_what_there_is(place: Place) -> None:
    ended = place.run([*CALL, "--help"])
    assert ended.returncode == 0
    for each in ("--layer", "--directory", "--read", "--network", "--probe", "--cpu"):
        assert each in ended.stdout
    assert sys.version_info >= (3, 11)

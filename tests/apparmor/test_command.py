"""sciportal-apparmor, as the role calls it: a profile's life in the kernel."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import host
import pytest

from sciportal.apparmor import kernel

COMMAND = "/usr/local/bin/sciportal-apparmor"
FILE = Path("/etc/apparmor.d/sciportal.tried")
PROGRAM = Path("/usr/local/bin/tried")


def write(rules: str, flags: str = "") -> None:
    """The profile's file."""
    FILE.write_text(
        "abi <abi/3.0>,\ninclude <tunables/global>\n"
        f"profile tried {PROGRAM} {flags}{{\n  include <abstractions/base>\n  {rules}\n}}\n"
    )


@pytest.fixture(autouse=True)
def program() -> Iterator[None]:
    """A program, and the profile's end."""
    shutil.copy("/usr/bin/cat", PROGRAM)
    yield
    host.run([COMMAND, "remove", str(FILE)])
    FILE.unlink(missing_ok=True)


def load(mode: str = "enforce", *more: str) -> str:
    """What loading it says."""
    return host.done([COMMAND, "load", "--mode", mode, *more, str(FILE)])


def reads(path: str) -> bool:
    """Whether the program can."""
    return host.run([str(PROGRAM), path]).returncode == 0


def test_a_profile_is_loaded_reloaded_and_removed() -> None:
    write(f"{PROGRAM} mr,")
    assert reads("/etc/fstab")
    assert load("enforce", "--dry-run") == "sciportal.tried: loaded to enforce\n"
    assert "tried" not in kernel.loaded()
    assert load() == "sciportal.tried: loaded to enforce\n"
    assert load() == ""
    with host.denials() as denied:
        assert not reads("/etc/fstab")
    assert denied.of("tried", operation="open", name="/etc/fstab", comm="tried")
    write(f"{PROGRAM} mr,\n  /etc/fstab r,")
    assert load() == "sciportal.tried: loaded to enforce\n"
    assert reads("/etc/fstab")
    assert not reads("/etc/hostname")
    assert host.done([COMMAND, "remove", str(FILE)]) == "sciportal.tried: removed\n"
    assert "tried" not in kernel.loaded()
    assert reads("/etc/hostname")
    assert host.done([COMMAND, "remove", str(FILE)]) == ""


def test_one_that_complains_allows_and_tells() -> None:
    write(f"{PROGRAM} mr,", "flags=(complain) ")
    assert load("complain") == "sciportal.tried: loaded to complain\n"
    assert kernel.loaded()["tried"] == "complain"
    with host.denials("ALLOWED") as told:
        assert reads("/etc/fstab")
    assert told.of("tried", operation="open", name="/etc/fstab")
    write(f"{PROGRAM} mr,")
    assert load() == "sciportal.tried: loaded to enforce\n"
    assert not reads("/etc/fstab")


def test_one_that_holds_is_replaced_under_what_runs() -> None:
    host.done(["mkfifo", "/run/tried"])
    write(f"{PROGRAM} mr,\n  /run/tried r,\n  /etc/fstab r,")
    load()
    # What runs opens its second file when the first, a pipe, has ended.
    script = f"""
{PROGRAM} /run/tried /etc/fstab & exec 3>/run/tried
sed -i /fstab/d {FILE} && {COMMAND} load --mode enforce {FILE}
exec 3>&-; wait $!
"""
    with host.denials() as denied:
        assert host.run(["sh", "-c", script]).returncode == 1
    assert denied.of("tried", operation="open", name="/etc/fstab")


def test_what_leads_nowhere_is_refused_by_the_check_and_not_by_the_parser() -> None:
    write("/bin/dash cx -> model,")
    kernel.compile_only(str(FILE))
    ended = host.run([COMMAND, "check", str(FILE)])
    assert ended.returncode == 2
    assert "leads to tried//model, which is not there" in ended.stderr
    # What the parser takes, the kernel then refuses to run.
    shutil.copy("/usr/bin/env", PROGRAM)
    write(f"{PROGRAM} mr,\n  /{{usr/,}}bin/dash cx -> model,")
    load()
    with host.denials() as denied:
        ended = host.run([str(PROGRAM), "/bin/dash", "-c", "echo ran"])
    assert ended.returncode == 126
    assert ended.stdout == ""
    assert denied.of("tried", operation="exec", info="profile not found") or denied.of(
        "tried", operation="exec", info="profile transition not found"
    )
    write(
        f"{PROGRAM} mr,\n  /{{usr/,}}bin/dash cx -> model,\n"
        "  profile model {\n    include <abstractions/base>\n    /{usr/,}bin/dash mr,\n  }"
    )
    host.done([COMMAND, "check", str(FILE)])
    load()
    assert host.done([str(PROGRAM), "/bin/dash", "-c", "echo ran"]) == "ran\n"

"""The profiles that the role writes compile, and lead to what is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sciportal.apparmor import cli, kernel

GOLDEN = Path(__file__).parents[2] / "golden" / "apparmor"
PROFILES = sorted(
    path for path in GOLDEN.iterdir() if not path.name.startswith(("cases", "parts", "unit"))
)

pytestmark = pytest.mark.skipif(
    not os.access("/sbin/apparmor_parser", os.X_OK),
    reason="AppArmor's parser is not here; tools/setup installs it",
)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.name)
def test_a_golden_profile_compiles(profile: Path) -> None:
    assert cli.main(["check", str(profile)]) == 0


def refused(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> str:
    profile = tmp_path / "sciportal.x"
    profile.write_text(text)
    code = cli.main(["check", str(profile)])
    said = capsys.readouterr().err
    assert said.startswith("sciportal-apparmor: ")
    assert len(said.splitlines()) == 1
    return f"{code} {said}"


def test_a_profile_without_its_child_is_refused_which_the_parser_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "profile x /opt/x {\n  /bin/dash cx -> model,\n}\n"
    said = refused(tmp_path, text, capsys)
    assert said.startswith("2 ")
    assert "line 2, in x: '/bin/dash cx -> model,' leads to x//model, which is not there" in said
    assert said.rstrip().endswith("name a profile that is there, or add it")
    kernel.compile_only(str(tmp_path / "sciportal.x"))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("nonsense", "syntax error"),
        ("include <abstractions/nonesuch>", "Could not open"),
        ("/opt/y rwq,", "syntax error"),
    ],
)
def test_what_does_not_compile_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, found: str
) -> None:
    said = refused(tmp_path, f"profile x /opt/x {{\n  {line}\n}}\n", capsys)
    assert said.startswith("1 ")
    assert found in said
    assert "nothing was replaced" in said


@pytest.mark.skipif(kernel.is_there(), reason="the kernel of this machine has AppArmor")
def test_without_apparmor_in_the_kernel_nothing_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = tmp_path / "sciportal.x"
    profile.write_text("profile x /opt/x {\n}\n")
    assert cli.main(["load", "--mode", "enforce", str(profile)]) == 1
    said = capsys.readouterr().err
    assert "load profiles: the kernel of this host has no AppArmor" in said
    assert "apparmor_required" in said
    # To remove what is not loaded is done at once.
    assert cli.main(["remove", str(profile), str(tmp_path / "none")]) == 0


def test_the_command_of_the_parser_is_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kernel, "_PARSER", str(tmp_path / "missing"))
    assert "install the package apparmor" in refused(tmp_path, "profile x {\n}\n", capsys)

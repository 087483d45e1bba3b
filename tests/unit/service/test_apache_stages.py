"""The stages of the type apache, with a stand-in for Apache that judges its configuration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sciportal.service.account import Account
from sciportal.service.types import apache
from unit.service.running import script

WRONG = "AH00526: Syntax error on line 2 of /home/x/.apache-service/options.conf:\nInvalid"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of the account; its Apache takes every configuration."""
    place = tmp_path / "home"
    place.mkdir()
    account = Account("x", os.getuid(), os.getgid(), str(place), "/bin/sh")
    monkeypatch.setattr(apache, "current", lambda: account)
    monkeypatch.setattr(apache, "SERVER", script(tmp_path / "apache2", "#!/bin/sh\n"))
    monkeypatch.delenv("AGAIN", raising=False)
    return place


@pytest.fixture
def refused(tmp_path: Path) -> None:
    """Apache takes no configuration."""
    script(tmp_path / "apache2", f"#!/bin/sh\necho '{WRONG}' >&2\nexit 1\n")


def test_signals_are_graceful(capsys: pytest.CaptureFixture[str]) -> None:
    assert (apache.main(["stop"]), capsys.readouterr().out) == (0, "SIGWINCH\n")
    assert (apache.main(["reload"]), capsys.readouterr().out) == (0, "SIGUSR1\n")


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize(
    ("stage", "again"), [("init", ""), ("start", ""), ("reload", ""), ("stop", "1")]
)
def test_a_wrong_configuration_fails_before_anything_is_touched(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, stage: str, again: str
) -> None:
    monkeypatch.setenv("AGAIN", again)
    assert apache.main([stage]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "line 2 of /home/x/.apache-service/options.conf:\nInvalid" in said.err
    assert "mend ~/.apache-service/options.conf" in said.err


@pytest.mark.usefixtures("refused")
def test_a_wrong_configuration_keeps_nothing_from_being_stopped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert (apache.main(["stop"]), capsys.readouterr().out) == (0, "SIGWINCH\n")


def test_init_makes_what_the_server_needs_and_says_nothing(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    assert apache.main(["init"]) == 0
    assert capsys.readouterr() == ("", "")
    assert {path.name for path in (home / ".apache-service").iterdir()} == {
        *("README", "log", "logrotate", "options.conf", ".written")
    }
    assert (home / ".apache-service").stat().st_mode & 0o777 == 0o700
    assert (home / "public_html").is_dir()
    assert (home / ".logrotate.d/apache-service-own").read_text()


def test_init_says_which_file_it_keeps_where_there_is_a_newer_one(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    (home / ".apache-service").mkdir()
    (home / ".apache-service/options.conf").write_text("Define EnablePHP\n")
    assert apache.main(["init"]) == 0
    assert "options.conf is not as init wrote it, and is kept" in capsys.readouterr().out
    assert apache.main(["init"]) == 0
    assert capsys.readouterr().out == ""
    assert (home / ".apache-service/options.conf").read_text() == "Define EnablePHP\n"


def test_what_is_no_stage_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert apache.main(["begin"]) == 2
    assert "'begin' is no stage; use init" in capsys.readouterr().err


def test_a_mistake_in_an_included_file_is_shown_with_every_file_and_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = (
        "apache2: Syntax error on line 13 of /etc/sciportal/apache/apache2.conf: Syntax error on"
        " line 1 of /home/x/.apache-service/options.conf: Could not open configuration file"
        " /home/y/private: Permission denied"
    )
    script(tmp_path / "apache2", f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    assert apache.main(["reload"]) == 1
    shown = capsys.readouterr().err
    assert "\nSyntax error on line 1 of /home/x/.apache-service/options.conf:\nCould not" in shown
    assert "Permission denied" in shown
    # What the command shows of each line of a stage.
    assert max(map(len, shown.splitlines())) <= 120

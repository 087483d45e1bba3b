"""Files are tried before they replace those in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciportal.jobs import trial
from sciportal.service.errors import UsageError

SUM = "0123456789abcdef" * 4


def tried(tmp_path: Path, kind: str, text: str) -> int:
    """The exit code for a file."""
    file = tmp_path / "file.toml"
    file.write_text(text)
    return trial.main([kind, str(file), "name"])


def test_good_files_are_taken(tmp_path: Path) -> None:
    assert tried(tmp_path, "settings", "anonymous = true\n") == 0
    account = '[[account]]\nuser = "a"\naccount = "a"\nhome = "/home/a"\n'
    assert tried(tmp_path, "accounts", account) == 0
    assert tried(tmp_path, "workers", f'[workers]\n"far.away" = "{SUM}"\n') == 0


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("settings", "anonymous = 1"),
        ("settings", "unknown = 1"),
        ("accounts", '[[account]]\nuser = "a"\naccount = "a"\nhome = "relative"\n'),
        ("workers", "[workers]\nfar = 'short'"),
        ("application", "a: [b"),
    ],
)
def test_what_is_wrong_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, text: str
) -> None:
    assert tried(tmp_path, kind, text) == UsageError.exit_code
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert trial.main(["settings", str(tmp_path / "absent")]) == UsageError.exit_code


@pytest.mark.parametrize(
    "text",
    [
        f'[workers]\n"a b" = "{SUM}"',
        f'[workers]\na = "{SUM.upper()}"',
        "[workers]\na = 1",
        f'[workers]\na = "{SUM}"\nb = "{SUM}"',
        "workers = 1",
        "other = 1",
        "= ",
        "[" * 100_000,
    ],
)
def test_what_is_no_list_of_workers_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        trial.workers(text)


def test_an_empty_list_lets_nobody_in() -> None:
    assert trial.workers("[workers]\n") == trial.workers("") == {}

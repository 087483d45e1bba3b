"""What the keeper tells the operators."""

from __future__ import annotations

import pytest

from sciportal.jobs.keeper import daemon
from sciportal.service.errors import UnknownError

FORGED = "sciportal-jobs: job 7: its worker was silent too long"


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\r", "\v", "\f", "\x1e", "\x85", "\u2028", "\x1b[2K\x1b[1G", "\b" * 40]
)
def test_nothing_that_users_wrote_begins_a_line(
    capsys: pytest.CaptureFixture[str], end: str
) -> None:
    daemon.to_stderr(str(UnknownError("submit a job", f"no room{end}{FORGED}", "try again")))
    said = capsys.readouterr().err
    assert said.endswith("\n")
    assert said[:-1].isprintable()
    assert said.startswith("sciportal-jobs: submit a job: no room ")


def test_a_line_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    daemon.to_stderr("x" * 100_000)
    assert len(capsys.readouterr().err) < 5000

"""What nft is told, and what it says; a program in its place writes it down."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciportal.guard import nftables
from sciportal.guard.hold import Hold
from sciportal.guard.nftables import Kernel, NftError

HOLD = Hold(7, 24601, 2001)
LISTED = """\
table inet sciportal_guard {
    set owners {
        type inet_service . uid
        elements = { 24601 . 2001,
                     24602 . 2002 }
    }
}
"""


class Nft:
    """A program that stands in for nft."""

    def __init__(self, directory: Path) -> None:
        self._told = directory / "told"
        self._program = directory / "nft"
        self.says("")

    def says(self, text: str, status: int = 0) -> None:
        """What it prints next, on both streams, and how it ends."""
        script = (
            f"cat >>{self._told}; printf '%s' '{text}'; printf '%s' '{text}' >&2; exit {status}"
        )
        self._program.write_text(f'#!/bin/sh\necho "$@" >>{self._told}\n{script}\n')
        self._program.chmod(0o755)

    @property
    def told(self) -> str:
        """Its arguments and its input, of all calls."""
        return self._told.read_text()


@pytest.fixture
def nft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nft:
    """It is what is found on the path."""
    path = f"{tmp_path}:/usr/bin:/bin"
    monkeypatch.setattr(nftables, "_ENVIRONMENT", {"PATH": path})
    monkeypatch.setenv("PATH", path)
    return Nft(tmp_path)


@pytest.fixture
def kernel() -> Kernel:
    """The table."""
    return Kernel("/etc/rules.nft")


def test_an_owner_is_an_element(nft: Nft, kernel: Kernel) -> None:
    kernel.add(HOLD)
    kernel.remove(HOLD)
    assert nft.told == (
        "-f -\nadd element inet sciportal_guard owners { 24601 . 2001 }\n"
        "-f -\ndelete element inet sciportal_guard owners { 24601 . 2001 }\n"
    )


def test_the_whole_is_one_transaction(nft: Nft, kernel: Kernel) -> None:
    kernel.load([HOLD, HOLD._replace(job_id=8), Hold(9, 24602, 2002)])
    assert nft.told == (
        '-f -\ninclude "/etc/rules.nft"\n'
        "add element inet sciportal_guard owners { 24601 . 2001 }\n"
        "add element inet sciportal_guard owners { 24602 . 2002 }\n"
    )


def test_what_the_kernel_has_is_compared(nft: Nft, kernel: Kernel) -> None:
    nft.says(LISTED)
    both = [HOLD, Hold(9, 24602, 2002)]
    assert kernel.has(both)
    assert not kernel.has(both[:1])
    assert not kernel.has([*both, Hold(10, 24603, 2001)])
    nft.says("No such file or directory", 1)
    assert not kernel.has([])


def test_its_complaint_is_the_error(nft: Nft, kernel: Kernel) -> None:
    nft.says("Error: No such file or directory", 1)
    with pytest.raises(NftError, match="No such file"):
        kernel.add(HOLD)
    nft.says("", 3)
    with pytest.raises(NftError, match="status 3"):
        kernel.add(HOLD)


def test_a_host_without_it_is_an_error(
    kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(nftables, "_ENVIRONMENT", {"PATH": str(tmp_path)})
    with pytest.raises(NftError, match="nft cannot be run"):
        kernel.add(HOLD)

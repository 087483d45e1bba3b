"""The set of owners in the kernel. Nothing else knows about nft's command line."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service import processes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sciportal.guard.hold import Hold

TABLE = "inet sciportal_guard"
_SET = f"{TABLE} owners"
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
_TIMEOUT_SECONDS = 5
# As nft lists an element: port, dot, uid.
_ELEMENT = r"\b[0-9]+ \. [0-9]+\b"


class NftError(Exception):
    """nft did not do it."""


class Kernel:
    """The table of the port guard.

    Args:
        ruleset: the file that makes it.
    """

    def __init__(self, ruleset: str) -> None:
        self._ruleset = ruleset

    def add(self, hold: Hold) -> None:
        """Let an account answer from a port; nothing if it may already.

        Raises:
            NftError: there is no such table, or nft failed otherwise.
        """
        _do(f"add element {_SET} {{ {hold.element} }}\n")

    def remove(self, hold: Hold) -> None:
        """Let it answer no longer; connections that are open stay.

        Raises:
            NftError: it was not allowed to, or nft failed otherwise.
        """
        _do(f"delete element {_SET} {{ {hold.element} }}\n")

    def load(self, holds: Iterable[Hold]) -> None:
        """Make the table anew with these owners, in one transaction.

        Raises:
            NftError: nft failed; what was there before is still there.
        """
        elements = sorted({hold.element for hold in holds})
        text = f'include "{self._ruleset}"\n'
        _do(text + "".join(f"add element {_SET} {{ {each} }}\n" for each in elements))

    def has(self, holds: Iterable[Hold]) -> bool:
        """Whether the table is there, with exactly these owners."""
        try:
            text = _run(["nft", "--numeric", "list", "set", *_SET.split()], None)
        except NftError:
            return False
        import re

        return set(re.findall(_ELEMENT, text, re.ASCII)) == {hold.element for hold in holds}


def _do(text: str) -> None:
    _run(["nft", "-f", "-"], text)


def _run(argv: list[str], stdin: str | None) -> str:
    try:
        result = processes.run(argv, env=_ENVIRONMENT, timeout=_TIMEOUT_SECONDS, stdin=stdin)
    except OSError as error:
        raise NftError(f"{argv[0]} cannot be run ({error.strerror})") from error
    if not result.ok:
        why = result.problem or " / ".join(result.err.split("\n")).strip(" /")
        raise NftError(why or f"nft ended with status {result.code}")
    return result.out

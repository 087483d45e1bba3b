"""Tokens of programs, as operators see them: whose there are, and that they are no more.

Apache's part makes, keeps and judges them (templates/apache/store.lua.j2): a file for each, in a
directory of Apache's, with lines `KEY=VALUE` and the token's sum instead of the token. What Apache
can write is not root's to read, so the process becomes Apache first.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from sciportal.service.errors import ServiceError, UsageError

PREFIX = "sciportal_"
_NAME = re.compile(r"[0-9a-f]{18}")
_SECRET = re.compile(r"[0-9a-f]{64}")
_LINE = re.compile(r"([a-z]+)=(.*)")
# More than any file of Apache's part has.
_MOST = 65536


class Token(NamedTuple):
    """A token of somebody's program."""

    file: str
    """The name of its file."""
    sum: str
    account: str
    user: str
    issuer: str
    label: str
    made: int
    """Seconds since 1970, as the next."""
    until: int


def become_owner(directory: Path) -> None:
    """Give up root's rights for those of who has the directory.

    Raises:
        ServiceError: there is none.
    """
    try:
        found = directory.stat()
    except FileNotFoundError as error:
        wanted, advice = "the tokens of this site", "run the role identity on this host"
        raise ServiceError(wanted, f"there is no {directory}", advice) from error
    if os.geteuid() == 0 and found.st_uid != 0:
        os.setgroups([])
        os.setgid(found.st_gid)
        os.setuid(found.st_uid)


def tokens(directory: Path, now: int) -> list[Token]:
    """All that have not expired, by their accounts.

    Args:
        directory: where Apache's part keeps them.
        now: seconds since 1970.
    """
    names = sorted(name for name in os.listdir(directory) if _NAME.fullmatch(name))
    found = [token for name in names if (token := parse(name, _text(directory / name)))]
    return sorted(
        (token for token in found if now < token.until), key=lambda each: (each.account, each.made)
    )


def parse(name: str, text: str) -> Token | None:
    """What the file of a token says; None if it is none.

    Args:
        name: of the file.
        text: its content.
    """
    lines = (_LINE.fullmatch(line) for line in text.split("\n"))
    said: Mapping[str, str] = {line[1]: line[2] for line in lines if line}
    try:
        return Token(
            name,
            said["sum"],
            said["account"],
            said["user"],
            said["issuer"],
            said["label"],
            int(said["made"]),
            int(said["till"]),
        )
    except (KeyError, ValueError):
        return None


def of_secret(given: Iterable[Token], text: str) -> list[Token]:
    """The one of which somebody found the secret.

    Args:
        given: those that have not expired.
        text: the token, as it was shown.

    Raises:
        UsageError: it is none.
    """
    secret = text.strip().removeprefix(PREFIX)
    if not _SECRET.fullmatch(secret):
        wanted, found = "a token on standard input", "what is there is none"
        raise UsageError(wanted, found, f"give all of it, {PREFIX} and 64 digits")
    wanted_sum = hashlib.sha256(secret.encode()).hexdigest()
    return [each for each in given if each.sum == wanted_sum]


def revoke(directory: Path, given: Iterable[Token]) -> None:
    """Make tokens good for nothing, from the next request on.

    Args:
        directory: where Apache's part keeps them.
        given: which.
    """
    for each in given:
        with contextlib.suppress(FileNotFoundError):
            (directory / each.file).unlink()


def line(token: Token) -> str:
    """A token in a line for people: account, until when, who made it, what for."""
    until = datetime.datetime.fromtimestamp(token.until, datetime.UTC)
    words = (token.account, f"{until:%Y-%m-%d %H:%M} UTC", token.user, token.issuer, token.label)
    return "  ".join("".join(c if c.isprintable() else "?" for c in word) for word in words)


def _text(path: Path) -> str:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with open(opened, encoding="utf-8", errors="replace") as file:
            return file.read(_MOST)
    except FileNotFoundError:
        # Its owner revoked it just now.
        return ""

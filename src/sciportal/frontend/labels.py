"""How accounts are called in the names of hosts: `SERVICE--LABEL.DOMAIN`.

A label leads to one account and an account has one label, whoever chose its name. What a label
may not hold, or what looks like the label of another account, is called by its number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# What is left of the 63 characters of RFC 1123 by the longest service, 32, and the two dashes.
_LONGEST = 29
_PLAIN = re.compile(rf"(?!u[0-9]+\Z)(?!.*--)[a-z](?:[a-z0-9-]{{0,{_LONGEST - 2}}}[a-z0-9])?")


def label(name: str, uid: int | None) -> str | None:
    """The label of an account.

    Args:
        name: of the account.
        uid: its number; None where nobody knows it.

    Returns:
        The name itself where it is a label, else one made of the number; None without it.
    """
    if _PLAIN.fullmatch(name):
        return name
    return None if uid is None else f"u{uid}"


def labels(accounts: Mapping[str, int | None]) -> dict[str, str]:
    """The accounts by their labels; of several with one number the first by name.

    Args:
        accounts: their numbers by their names.
    """
    found: dict[str, str] = {}
    for name, uid in sorted(accounts.items()):
        mine = label(name, uid)
        if mine:
            found.setdefault(mine, name)
    return found

"""Which account of the cluster somebody is: the site's map from identities to accounts.

Names of users are worth only as much as who says them: `alice` of one provider is not `alice` of
another. So every entry says whose word it takes, and who is in no entry is nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sciportal.service.errors import ServiceError

_ACCOUNT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_SCOPE = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
# No entry leads to them, whatever a provider says.
_NEVER = frozenset({"root", "slurm", "munge", "nobody", "www-data", "apache"})


class Identity(NamedTuple):
    """Somebody, as one of the doors knows them."""

    issuer: str
    """Whose word it is: the entityID of a provider, or the name of an authority (RFC 2253)."""
    user: str
    """The user's name; of a scoped one all of it, `alice@site.org`."""


class Entry(NamedTuple):
    """Users whom one issuer knows."""

    issuer: str
    scope: str
    """What follows @ in their names; empty where names have no scope."""
    users: dict[str, str] | None
    """Their accounts by their names without scope; None where each name is that of the account."""


def entries(data: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """The map as a variable has it: `issuer`, and perhaps `scope` and `users`."""
    return [
        Entry(
            str(each["issuer"]),
            str(each.get("scope") or ""),
            None
            if each.get("users") is None
            else {str(user): str(account) for user, account in each["users"].items()},
        )
        for each in data
    ]


def account(given: Iterable[Entry], who: Identity) -> str | None:
    """The account that somebody is; None for nobody.

    Args:
        given: the map.
        who: the identity.
    """
    name, at, scope = who.user.partition("@")
    for entry in given:
        if entry.issuer != who.issuer or entry.scope != scope or bool(at) != bool(entry.scope):
            continue
        found = name if entry.users is None else entry.users.get(name)
        if found is not None and _is_account(found):
            return found
    return None


def text(given: Iterable[Entry]) -> str:
    """The map as Apache's part reads it: a line `ISSUER <tab> USER <tab> ACCOUNT` for each user.

    `*` as the user is everybody, whose name is that of the account, but for those who have a line
    of their own; `-` as the account is none.
    """
    lines = []
    for entry in given:
        at = f"@{entry.scope}" if entry.scope else ""
        users = dict.fromkeys(_NEVER, "-") | {"*": "*"} if entry.users is None else entry.users
        lines += [
            f"{entry.issuer}\t{name}{at}\t{account}\n"
            for name, account in users.items()
            if entry.users is None or _is_account(account)
        ]
    return "".join(sorted(lines))


def problems(given: Sequence[Entry], exists: Callable[[str], bool]) -> list[ServiceError]:
    """What is wrong with the map; nothing if it may be used.

    Args:
        given: the map.
        exists: tells whether there is an account.
    """
    found = [
        ServiceError(f"the accounts of users of '{entry.issuer}'", said, advice)
        for entry in given
        for said, advice in _of_entry(entry, exists)
    ]
    places = [(entry.issuer, entry.scope) for entry in given]
    return found + [
        ServiceError(
            f"the accounts of users of '{issuer}'",
            f"two entries are for the scope '{scope}'",
            "make one of them",
        )
        for issuer, scope in sorted({each for each in places if places.count(each) > 1})
    ]


def _of_entry(entry: Entry, exists: Callable[[str], bool]) -> list[tuple[str, str]]:
    found = []
    if not entry.issuer.strip():
        found.append(("nobody says who they are", "give the provider's entityID as the issuer"))
    if not entry.issuer.isprintable():
        found.append(("its name has characters that cannot be seen", "write it as the door does"))
    if entry.scope and not _SCOPE.fullmatch(entry.scope):
        found.append(
            (f"'{entry.scope}' is no scope", "write it as in user@SCOPE, in small letters")
        )
    for user, name in (entry.users or {}).items():
        if not _USER.fullmatch(user):
            found.append((f"'{user}' is no name without a scope", "give the scope of the entry"))
        if not _is_account(name):
            found.append((f"'{name}' cannot be an account of a person", "name an ordinary one"))
        elif not exists(name):
            found.append((f"there is no account '{name}' on this host", "make it, or correct it"))
    return found


def _is_account(name: str) -> bool:
    return bool(_ACCOUNT.fullmatch(name)) and name not in _NEVER

"""The accounts that exist here."""

from __future__ import annotations

import grp
import pwd

# useradd(8): lower uids are the system's. So are those of the gap: Debian Policy, section 9.2.2.
FIRST_UID = 1000
_SYSTEM_GAP = range(60000, 65536)


def accounts(group: str) -> dict[str, int | None]:
    """People's accounts, and the members of `group`, with their numbers.

    A directory service may list only some accounts or none; the members of the group are
    always named. The number of one that nobody else knows is None.

    Raises:
        KeyError: there is no such group, or nobody can tell now.
        OSError: the directory service failed.
    """
    people = pwd.getpwall()
    entry = grp.getgrnam(group)
    known: dict[str, int | None] = {
        each.pw_name: each.pw_uid
        for each in people
        if _is_person(each.pw_uid) or each.pw_gid == entry.gr_gid
    }
    return {name: _number(name) for name in entry.gr_mem} | known


def _number(name: str) -> int | None:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def _is_person(uid: int) -> bool:
    return uid >= FIRST_UID and uid not in _SYSTEM_GAP

"""The accounts that exist here."""

from __future__ import annotations

import grp
import pwd

# useradd(8): lower uids are the system's. So are those of the gap: Debian Policy, section 9.2.2.
FIRST_UID = 1000
_SYSTEM_GAP = range(60000, 65536)


def accounts(group: str) -> set[str]:
    """People's accounts, and the members of `group`.

    A directory service may list only some accounts or none; the members of the group are
    always named.

    Raises:
        KeyError: there is no such group, or nobody can tell now.
        OSError: the directory service failed.
    """
    people = pwd.getpwall()
    entry = grp.getgrnam(group)
    known = {each.pw_name for each in people if _is_person(each.pw_uid)}
    known.update(each.pw_name for each in people if each.pw_gid == entry.gr_gid)
    return known.union(entry.gr_mem)


def _is_person(uid: int) -> bool:
    return uid >= FIRST_UID and uid not in _SYSTEM_GAP

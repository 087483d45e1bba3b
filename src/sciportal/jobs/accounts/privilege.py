"""From root to an account, for good."""

from __future__ import annotations

import ctypes
import os
import pwd
from typing import TYPE_CHECKING

from sciportal.service.errors import NotPermittedError, ServiceError, UnknownError

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_UID = 1000
"""Below are root and the system's accounts (login.defs(5), UID_MIN)."""
_NOBODY = (65534, 65535)
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_DUMPABLE = 4


def become(name: str, lookup: Callable[[str], pwd.struct_passwd] = pwd.getpwnam) -> dict[str, str]:
    """Make this process, which is root's, one of an account, without a way back.

    Args:
        name: the account's.
        lookup: finds it in the password database.

    Returns:
        The environment for what it starts, made anew.

    Raises:
        NotPermittedError: it is not the account of a person.
        UnknownError: this is not root.
        ServiceError: the system did not let go of root's rights.
    """
    wanted = f"act as the account {name!r}"
    if os.geteuid() != 0:
        raise UnknownError(wanted, "this is not root", "run it by sudo")
    try:
        who = lookup(name)
    except KeyError:
        advice = "correct the account map"
        raise NotPermittedError(wanted, "this host has no such account", advice) from None
    if who.pw_name != name or who.pw_uid < FIRST_UID or who.pw_uid in _NOBODY or who.pw_gid == 0:
        found = f"number {who.pw_uid} is the system's, not a person's"
        raise NotPermittedError(wanted, found, "put a person's account into the account map")
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.umask(0o077)
    os.initgroups(name, who.pw_gid)
    os.setresgid(who.pw_gid, who.pw_gid, who.pw_gid)
    os.setresuid(who.pw_uid, who.pw_uid, who.pw_uid)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    # Others of the account shall not trace or read a process that came from root.
    _prctl(_PR_SET_DUMPABLE, 0)
    if os.getresuid() != (who.pw_uid,) * 3 or os.getresgid() != (who.pw_gid,) * 3:
        raise ServiceError(wanted, "this is still root", "see the kernel's log")
    os.chdir("/")
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": who.pw_dir,
        "USER": name,
        "LOGNAME": name,
        "SHELL": "/bin/sh",
    }


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise ServiceError("let go of root's rights", os.strerror(ctypes.get_errno()), "try again")

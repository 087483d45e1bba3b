"""Landlock, by the system calls themselves: the kernel refuses what no rule allows.

Needs no privilege and no program. What is forbidden stays so for all that the process starts.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from typing import TYPE_CHECKING

from sciportal.jobs.confinement import landlock_rights as rights
from sciportal.jobs.confinement import view as views
from sciportal.service.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sciportal.jobs.confinement.view import View

# The same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The version of the kernel's interface; 0 where there is none.

    It is not there (ENOSYS), was not switched on at boot (EOPNOTSUPP), or a container's filter
    forbids it (EPERM).
    """
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))


def restrict(view: View, *, network: bool, shared_memory: bool) -> None:
    """Let this process see only what is in a view, from now on and for ever.

    Args:
        view: the job's directory, and what it may read beside.
        network: whether it may use the network.
        shared_memory: whether it may use files in /dev/shm whose names it knows.

    Raises:
        ServiceError: the kernel refused.
    """
    version = abi()
    handled = rights.handled(version, network=network)
    ruleset = _ruleset(handled)
    try:
        for path, access in _rules(view, version, shared_memory=shared_memory):
            _allow(ruleset, path, access & handled.files)
        _enforce(ruleset)
    finally:
        os.close(ruleset)


def scope() -> None:
    """Keep this process from signalling and connecting to others where the kernel can do that.

    It forbids no file, so that bubblewrap still can mount.
    """
    handled = rights.handled(abi(), network=True)
    if handled.scoped:
        ruleset = _ruleset(handled._replace(files=0))
        try:
            _enforce(ruleset)
        finally:
            os.close(ruleset)


def no_new_privileges() -> None:
    """Let no program that this process starts gain rights, as by setuid."""
    _call(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def _rules(view: View, version: int, *, shared_memory: bool) -> Iterator[tuple[str, int]]:
    for path in (*views.SYSTEM, *view.read):
        yield path, rights.READ
    for path in (*views.SETTINGS, *views.HARDWARE, "/proc"):
        yield path, rights.READ_FILE | rights.READ_DIR
    for path in views.DEVICES:
        yield path, rights.READ_FILE | rights.WRITE_FILE
    if shared_memory:
        # All but a list of what is there.
        yield "/dev/shm", rights.own(version) & ~(rights.READ_DIR | rights.EXECUTE)  # noqa: S108
    yield view.directory, rights.own(version)


def _ruleset(handled: rights.Handled) -> int:
    attributes = struct.pack("=QQQ", handled.files, handled.network, handled.scoped)
    return _call(
        _libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(handled.size), ctypes.c_uint(0))
    )


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        # Not every system has all of these.
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            access &= rights.OF_FILE
        rule = struct.pack("=Qi", access, place)
        _call(_libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, ctypes.c_uint(0)))
    finally:
        os.close(place)


def _enforce(ruleset: int) -> None:
    no_new_privileges()
    _call(_libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint(0)))


def _call(answer: int) -> int:
    if answer < 0:
        found = os.strerror(ctypes.get_errno())
        raise ServiceError("confine a program by Landlock", found, "see sciportal-confine --probe")
    return answer

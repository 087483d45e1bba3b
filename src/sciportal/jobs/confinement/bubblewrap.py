"""bubblewrap: what a program is not to see does not exist in its namespaces."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sciportal.jobs.confinement import view as views
from sciportal.service import processes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sciportal.jobs.confinement.view import View

_PROGRAM = "bwrap"
# Nobody's PATH decides what confines.
SEARCH = "/usr/bin:/bin:/usr/local/bin"
_ENVIRONMENT = {"PATH": SEARCH, "LC_ALL": "C"}
_SECONDS = 20.0
_NAMESPACES = (
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    # No input for a terminal outside; no life without the one who watches over it.
    *("--new-session", "--die-with-parent"),
)
_NO_NETWORK = "--unshare-net"
# Where it is known (0.8) and can be done: in a user namespace more of the kernel can be reached.
_NO_MORE_NAMESPACES = "--disable-userns"
# What bwrap and its first process ignore, the program does not: see `follow`.
_UNIGNORED = ("/usr/bin/env", "--default-signal")
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108  # where a program looks, not a file of ours


def options(*, network: bool) -> tuple[tuple[str, ...], str]:
    """The namespaces that can be had here, and why there are none where they are empty."""
    wanted = _NAMESPACES if network else (*_NAMESPACES, _NO_NETWORK)
    problem = ""
    for each in ((*wanted, _NO_MORE_NAMESPACES), wanted):
        problem = _try(each)
        if not problem:
            return each, ""
    return (), problem


def _try(namespaces: Sequence[str]) -> str:
    argv = [_PROGRAM, *namespaces, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    try:
        ended = processes.run([*argv, "--", "/bin/true"], env=_ENVIRONMENT, timeout=_SECONDS)
    except OSError as error:
        return f"{_PROGRAM}: {error.strerror}"
    if ended.ok:
        return ""
    return ended.err.strip() or f"{_PROGRAM} ended with {ended.problem or ended.code}"


def argv(
    namespaces: Sequence[str], view: View, information: int, program: Sequence[str]
) -> list[str]:
    """The words that run a program, as execvp(3) takes them.

    Args:
        namespaces: what `options` found.
        view: the files that it sees.
        information: descriptor on which bwrap tells the number of its first process.
        program: what is run, with its arguments.
    """
    words = [_PROGRAM, *namespaces, "--info-fd", str(information)]
    for part in _mounts(view):
        words += part
    # Last, for it is to hold for what was made meanwhile.
    words += ["--chdir", view.directory, "--remount-ro", "/", "--", *_UNIGNORED, *program]
    return words


def _mounts(view: View) -> Iterator[Sequence[str]]:
    for path in views.SYSTEM:
        if os.path.islink(path):
            yield "--symlink", os.readlink(path), path
        else:
            yield "--ro-bind-try", path, path
    for path in (*views.SETTINGS, *views.HARDWARE):
        yield "--ro-bind-try", path, path
    yield "--proc", "/proc"
    yield "--dev", "/dev"
    # In memory: a directory in the job's own could be made a link by another process of the job,
    # just before bwrap follows it.
    for path in _TEMPORARY:
        yield "--tmpfs", path
    for path in view.read:
        yield "--ro-bind", path, path
    yield "--bind", view.directory, view.directory

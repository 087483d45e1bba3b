"""Where the program is that a job runs, before it is confined and could not be found any more."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sciportal.jobs.confinement import view as views
from sciportal.service.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciportal.jobs.confinement.view import View


def find(words: Sequence[str], search: str, view: View, *, confined: bool) -> list[str]:
    """The program's words, the first of them the path where it is.

    Args:
        words: the program, by its path or its name, and its arguments.
        search: the PATH that it will have.
        view: what it will see.
        confined: whether it will see no more than that.

    Raises:
        UsageError: it is not there, or it will not see itself.
    """
    wanted = f"run {words[0]!r}"
    path = _look(words[0], search, view.directory)
    if not path:
        raise UsageError(
            wanted, "there is no program of that name", "give its path, or a PATH with --env"
        )
    if "=" in path:
        raise UsageError(wanted, "its path has a =", "give it a name without one")
    seen = (*views.SYSTEM, *view.read, view.directory)
    for each in (path, os.path.realpath(path)):
        if confined and not any(views.is_below(each, place) for place in seen):
            raise UsageError(wanted, f"it could not see {each}", "name its directory with --read")
    return [path, *words[1:]]


def _look(name: str, search: str, directory: str) -> str:
    if "/" in name:
        path = os.path.normpath(os.path.join(directory, name))
        return path if _is_program(path) else ""
    paths = (os.path.join(each, name) for each in search.split(":") if os.path.isabs(each))
    return next((path for path in paths if _is_program(path)), "")


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)

"""The environment of a confined program: a short list of what there was, and places of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sciportal.service.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sciportal.jobs.confinement.view import View

_PATH = "/usr/local/bin:/usr/bin:/bin"
_KEPT = frozenset({"PATH", "LANG", "LANGUAGE", "TZ", "TERM", "USER", "LOGNAME", "MPLBACKEND"})
# What Slurm says of the job, and how many threads libraries take; nothing that names files.
_FAMILIES = re.compile(
    r"LC_[A-Z]+|SLURM_(JOB_(ID|NAME|NODELIST|NUM_NODES|CPUS_PER_NODE)|ARRAY_[A-Z_]+|CPUS_[A-Z_]+"
    r"|MEM_[A-Z_]+|NTASKS|NNODES|PROCID|LOCALID|NODEID|RESTART_COUNT)"
    r"|(OMP|OPENBLAS|MKL|BLIS|NUMEXPR|NUMBA|VECLIB_MAXIMUM)_[A-Z_]*THREADS[A-Z_]*"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def of(given: Mapping[str, str], asked: Sequence[str], view: View) -> dict[str, str]:
    """The whole environment.

    Args:
        given: what there is now.
        asked: NAME to keep it, NAME=VALUE to set it.
        view: whose directory the places are in.

    Raises:
        UsageError: a word is neither.
    """
    kept = {name: value for name, value in given.items() if _is_kept(name)}
    wanted: dict[str, str] = {}
    advice = "give NAME or NAME=VALUE with --env"
    for word in asked:
        name, sets, value = word.partition("=")
        if not _NAME.fullmatch(name):
            found = f"{name!r} is no name of a variable"
            raise UsageError(f"give a program {word!r}", found, advice)
        if sets:
            wanted[name] = value
        elif name in given:
            wanted[name] = given[name]
    return {"PATH": _PATH, "LANG": "C.UTF-8", **kept, **view.places(), **wanted}


def _is_kept(name: str) -> bool:
    return name in _KEPT or bool(_FAMILIES.fullmatch(name))

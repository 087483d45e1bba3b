"""What the executables of all types have in common: one stage, named by their only argument."""

from __future__ import annotations

import sys

from sciportal.light import TYPE_CHECKING
from sciportal.service.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def perform(name: str, stages: Mapping[str, Callable[[], None]], argv: Sequence[str] | None) -> int:
    """Do one stage and return its exit code.

    Args:
        name: of the type, for messages.
        stages: what to do for each.
        argv: the words of the call; the process's by default.
    """
    stage = (sys.argv[1:] if argv is None else list(argv)) or [""]
    if stage[0] not in stages:
        print(f"{name}: {stage[0]!r} is no stage; use {', '.join(stages)}", file=sys.stderr)
        return 2
    try:
        stages[stage[0]]()
    except ServiceError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return error.exit_code
    return 0

"""How the site's own programs end, beside `sbatch-service`, which says more."""

from __future__ import annotations

import sys
from collections.abc import Callable

from sciportal.service.errors import ServiceError


def exit_code(name: str, action: Callable[[], int]) -> int:
    """Do what a program is for; an error is a line on standard error.

    Args:
        name: of the program, with which the line begins.
        action: returns the exit code.

    Returns:
        The action's exit code, that of a ServiceError, or 1 where the system refused something.
    """
    try:
        return action()
    except ServiceError as error:
        code = error.exit_code
        said: Exception = error
    except OSError as error:
        code = 1
        said = error
    print(f"{name}: {said}", file=sys.stderr)
    return code

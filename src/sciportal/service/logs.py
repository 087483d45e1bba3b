"""Showing and rotating the logs of services, by the programs that exist for it."""

from __future__ import annotations

import os
import re

from sciportal.light import TYPE_CHECKING
from sciportal.service import processes
from sciportal.service.errors import NotRunningError, ServiceError
from sciportal.service.home import Home
from sciportal.service.layout import ROTATION, ROTATION_STATUS, STATE, Layout
from sciportal.service.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

TAIL = "tail"
LOGROTATE = "/usr/sbin/logrotate"

# Ours: what users put there beside them is theirs to run.
_OURS = re.compile(r"[a-z][a-z0-9-]{0,31}-service(-own)?", re.ASCII)
_TIMEOUT = 600.0


def show(session: Session, services: Sequence[str], lines: int, follow: bool) -> None:
    """Become tail(1) on the logs of services, which also follows a log that is rotated.

    Args:
        session: of this call.
        services: whose logs.
        lines: how many of the last lines of each.
        follow: go on as they grow.

    Raises:
        NotRunningError: none of them has a log yet.
        ServiceError: there is no tail.
    """
    home = session.home
    paths = [home.path(Layout(each).log) for each in services]
    there = [path for path in paths if os.path.isfile(path)]
    if not there:
        raise NotRunningError(
            "the log", f"{', '.join(services) or 'your account'} has none yet", "start it first"
        )
    words = [TAIL, "-n", str(lines), *(["-F"] if follow else []), "--", *there]
    try:
        os.execvp(TAIL, words)  # noqa: S606  (no shell is wanted)
    except OSError as error:
        raise ServiceError("the log", f"tail: {error.strerror}", f"see {there[0]}") from None


def rotate(home: Home, environ: dict[str, str]) -> None:
    """Have logrotate(8) rotate the logs of all services of an account, as that account.

    Args:
        home: of the account.
        environ: of logrotate.

    Raises:
        ServiceError: logrotate found a mistake, or took too long.
    """
    names = [name for name in home.names(ROTATION) if _OURS.fullmatch(name)]
    files = [home.path(f"{ROTATION}/{name}") for name in names]
    # A service that was purged while it ran leaves a link without a file.
    files = [path for path in files if os.path.isfile(path)]
    if not files or not home.is_there(STATE):
        return
    argv = [LOGROTATE, "--state", home.path(f"{STATE}/{ROTATION_STATUS}"), *files]
    try:
        result = processes.run(argv, env=environ, timeout=_TIMEOUT)
    except OSError as error:
        raise ServiceError("rotation", f"{LOGROTATE}: {error.strerror}", "install it") from None
    if not result.ok:
        said = result.err.strip().splitlines()[-3:]
        found = "; ".join(said) or result.problem or f"exit status {result.code}"
        raise ServiceError(f"rotation of the logs in {home.root}", found, "mend that")

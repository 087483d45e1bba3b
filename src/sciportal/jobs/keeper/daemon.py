"""The loop around the keepers: one process at a time, until it is told to end."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sciportal.jobs import names
from sciportal.jobs.errors import AwayError
from sciportal.service.errors import BusyError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sciportal.jobs.files import JobFiles
    from sciportal.jobs.keeper.keeper import Keeper
    from sciportal.jobs.settings import Settings
    from sciportal.jobs.store.store import Store

_TURN_SECONDS = 1.0
_MORE_SECONDS = 0.1
"""After which whose step has ended may have another, if there is more to do."""
_LEFT_SECONDS = 86_400.0
"""After which what was coming in, and stopped, is no upload any more."""
_LOCK = "keeper.lock"
_LONGEST = 4000
"""Characters of a line in the journal."""


def run(
    settings: Settings,
    store: Store,
    files: JobFiles,
    keepers: Sequence[Keeper],
    log: Callable[[str], None],
    ended: threading.Event,
) -> None:
    """Look after the jobs until `ended` is set.

    Args:
        settings: of the portal.
        store: the jobs.
        files: of the jobs.
        keepers: of the backends that jobs are sent to.
        log: takes a line for the operators.
        ended: set by whoever wants the end.

    Raises:
        BusyError: another one runs.
    """
    with _alone(settings.state_dir):
        counted = time.monotonic()
        swept = counted - settings.reconcile_seconds
        try:
            while not ended.is_set():
                try:
                    now = time.monotonic()
                    elapsed, counted = now - counted, now
                    # Silence is counted while somebody listens; see `store.claims`.
                    elapsed = min(elapsed, 2 * _TURN_SECONDS)
                    for job in store.expire(elapsed, settings.lost_seconds):
                        log(f"job {job.id}: its worker was silent too long")
                    for keeper in keepers:
                        keeper.turn()
                    if now - swept >= settings.reconcile_seconds:
                        swept = now
                        files.sweep(_LEFT_SECONDS)
                        store.forget_keys(settings.idempotency_seconds)
                except AwayError as error:
                    log(f"the database is away: {error}")
                except (ServiceError, OSError) as error:
                    log(str(error))
                _pause(keepers, ended)
        finally:
            for keeper in keepers:
                keeper.close()


def _pause(keepers: Sequence[Keeper], ended: threading.Event) -> None:
    until = time.monotonic() + _TURN_SECONDS
    while not ended.wait(_MORE_SECONDS) and time.monotonic() < until:
        if any(keeper.has_more for keeper in keepers):
            return


@contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    descriptor = os.open(state_dir / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        found, advice = "another one runs", "end it first"
        raise BusyError("look after the jobs", found, advice) from None
    try:
        yield
    finally:
        os.close(descriptor)


def until_signalled() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    ended = threading.Event()

    def end(_number: int, _frame: Any) -> None:
        ended.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, end)
    return ended


def to_stderr(line: str) -> None:
    """Tell the operators, by the journal, in which nothing that users wrote may begin a line."""
    print(f"sciportal-jobs: {names.one_line(line, _LONGEST)}", file=sys.stderr, flush=True)

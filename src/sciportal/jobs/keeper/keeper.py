"""Looks after all jobs of one backend: starts the steps of those whose turn it is, in threads."""

from __future__ import annotations

import time
import traceback
from concurrent import futures
from typing import TYPE_CHECKING

from sciportal.jobs.errors import AwayError
from sciportal.jobs.keeper.due import THREADS, Due

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sciportal.jobs.keeper.errands import Errands, Outcome
    from sciportal.jobs.settings import Settings
    from sciportal.jobs.store.job import Whose

_GRACE_SECONDS = 3.0
"""For which what is under way may go on when the keeper ends."""


class Keeper:
    """One backend's; of one thread.

    Args:
        errands: what is done.
        settings: of the portal.
        log: takes a line for the operators.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        errands: Errands,
        settings: Settings,
        *,
        log: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._errands = errands
        self._log = log
        self._clock = clock
        self._due = Due(settings.retry_seconds)
        self._threads = futures.ThreadPoolExecutor(THREADS, f"keeper-{errands.name}")
        self._under_way: dict[Whose, Future[Outcome]] = {}
        self._look_seconds = settings.reconcile_seconds
        self._looked = float("-inf")
        self._unseen: set[Whose] = set()
        """Those whose jobs are still to be looked at, since the last round began."""

    @property
    def has_more(self) -> bool:
        """Whether a step has ended that left something for another."""
        ended = [each for each in self._under_way.values() if each.done()]
        return any(each.exception() is None and each.result().more for each in ended)

    def turn(self) -> None:
        """Take the results of what has ended, and begin what is due; wait for nothing.

        Raises:
            AwayError: the database does not answer.
        """
        self._take()
        now = self._clock()
        if now - self._looked >= self._look_seconds:
            self._unseen |= self._errands.running()
            self._looked = now
        for whose in self._due.begin(self._errands.waiting() | self._unseen, now):
            look = whose in self._unseen
            self._unseen.discard(whose)
            self._under_way[whose] = self._threads.submit(self._errands.run, whose, look=look)

    def wait(self) -> None:
        """Wait until nothing is under way, and take the results.

        Raises:
            AwayError: the database did not answer.
        """
        futures.wait(self._under_way.values())
        self._take()

    def reconcile(self) -> None:
        """See what became of all jobs that run, and wait for that.

        Raises:
            AwayError: the database does not answer.
        """
        for _known in self._threads.map(self._errands.look, self._errands.running()):
            pass

    def close(self) -> None:
        """Let what is under way end, or cut it short."""
        futures.wait(self._under_way.values(), _GRACE_SECONDS)
        self._errands.close()
        self._threads.shutdown()

    def _take(self) -> None:
        away = None
        for whose, future in list(self._under_way.items()):
            if not future.done():
                continue
            del self._under_way[whose]
            error = future.exception()
            if isinstance(error, AwayError):
                away = error
            elif error:
                # A mistake of ours, which shall cost nobody else anything.
                self._log(f"{whose.owner}'s jobs: {''.join(traceback.format_exception(error))}")
            failed = not isinstance(error, AwayError) if error else future.result().failed
            self._due.end(whose, self._clock(), failed=failed)
        if away:
            raise away

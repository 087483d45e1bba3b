"""What is done for one owner on one host. Every step can be cut short anywhere, and done again."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from sciportal.jobs.errors import AwayError
from sciportal.jobs.keeper import deciding, delivery
from sciportal.jobs.keeper.due import SLOW_SECONDS
from sciportal.jobs.keeper.handover import MOST_JOBS, Handover, together
from sciportal.jobs.keeper.patience import Absences, Patience
from sciportal.jobs.queue.backend import Attempt, Phase, Sight
from sciportal.jobs.states import Cause
from sciportal.service.errors import NotPermittedError, ServiceError, UnknownError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sciportal.jobs.files import JobFiles
    from sciportal.jobs.queue.backend import Backend
    from sciportal.jobs.settings import Settings
    from sciportal.jobs.status_file import StatusFiles
    from sciportal.jobs.store.job import Job, Whose
    from sciportal.jobs.store.store import Store

_CANCEL_SECONDS = 5.0
_MOST = 10
"""Jobs of a kind in one step, after which others have their turn."""


class Outcome(NamedTuple):
    """How a step ended."""

    failed: bool
    """Whether something could not be done, and is to be tried again later."""
    more: bool
    """Whether there is more than one step does."""


class Errands:
    """One backend's. Threads may share it, each for somebody else.

    Args:
        store: the jobs.
        backend: where they run.
        name: the backend's, in the store.
        settings: of the portal.
        secret: with which the tokens of jobs are made.
        files: of the jobs.
        status: their status files.
        log: takes a line for the operators.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        store: Store,
        backend: Backend,
        name: str,
        settings: Settings,
        secret: bytes,
        files: JobFiles,
        status: StatusFiles,
        *,
        log: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._backend = backend
        self.name = name
        self._most_bytes = settings.limits.results_bytes
        self._handover = Handover(store, backend, settings, secret, files, status)
        self._files = files
        self._status = status
        self._log = log
        self._clock = clock
        self._closed = threading.Event()
        self._cancelled: Patience[int] = Patience(_CANCEL_SECONDS, clock)
        self._absent = Absences(settings.reconcile_seconds / 2, clock)
        # Who was sent is noted before it is looked at, so that its status file tells both.
        self._kinds = (
            *(self._sending, self._looking, self._cancelling),
            *(self._collecting, self._purging),
        )
        self._unseen: set[Whose] = set()
        """Whose jobs are to be looked at."""
        self._first: dict[Whose, int] = {}
        """With which of them a step begins, after one that took long."""

    def waiting(self) -> set[Whose]:
        """Whose jobs need something at once.

        Raises:
            AwayError: the database does not answer, as for the others.
        """
        return self._store.who_waits(self.name)

    def running(self) -> set[Whose]:
        """Whose jobs may end without anybody announcing it."""
        return set() if self._backend.pulls else self._store.who_runs(self.name)

    def run(self, whose: Whose, *, look: bool) -> Outcome:
        """Send, cancel, look at, fetch and remove some of somebody's jobs.

        What fails keeps nothing else from being done, unless that took long.

        Args:
            whose: jobs they are.
            look: whether those that run are looked at.
        """
        step = _Step(self._clock, self._log, self._closed)
        if look:
            self._unseen.add(whose)
        kinds = (self._purging,) if self._backend.pulls else self._kinds
        first = self._first.pop(whose, 0)
        for number in range(first, first + len(kinds)):
            kinds[number % len(kinds)](whose, step)
            if step.is_over:
                self._first[whose] = (number + 1) % len(kinds)
                break
        return Outcome(step.failed, step.more)

    def look(self, whose: Whose) -> None:
        """See what became of somebody's jobs, where nobody announced it."""
        self._unseen.add(whose)
        self._looking(whose, _Step(self._clock, self._log, self._closed))

    def close(self) -> None:
        """Cut short what other threads are about."""
        self._closed.set()
        self._backend.close()

    def _sending(self, whose: Whose, step: _Step) -> None:
        jobs = self._store.unsent(self.name, MOST_JOBS, whose)
        begun: list[Job] = []

        def begin(job: Job) -> None:
            if self._handover.begin(job):
                begun.append(job)

        step.each(begin, together(jobs))
        step.do(f"{whose.owner}'s jobs", lambda: self._handover.send(begun))

    def _cancelling(self, whose: Whose, step: _Step) -> None:
        wanted = [job for job in self._store.active(self.name, whose) if job.cancel_wanted]
        rested = [job for job in wanted if not self._cancelled.rests(job.id)]
        step.each(self._cancel, rested[:_MOST])

    def _collecting(self, whose: Whose, step: _Step) -> None:
        step.each(self._collect, self._store.uncollected(self.name, _MOST, whose))

    def _looking(self, whose: Whose, step: _Step) -> None:
        if whose in self._unseen:
            self._unseen.discard(whose)
            active = self._store.active(self.name, whose)
            step.do(f"{whose.owner}'s jobs", lambda: self._look(active))

    def _purging(self, whose: Whose, step: _Step) -> None:
        step.each(self._purge, self._store.unpurged(self.name, _MOST, whose))

    def _cancel(self, job: Job) -> None:
        """Cancel a job whose owner wants that, and see whether it has ended."""
        self._cancelled.rest(job.id)
        try:
            self._backend.cancel(Attempt.of(job.order))
        except NotPermittedError as error:
            self._tell(job, error)
        else:
            self._look([job])

    def _look(self, jobs: Sequence[Job]) -> None:
        by_attempt = {Attempt.of(job.order): job for job in jobs}
        unknown = None
        for attempt, seen in self._backend.look([job.order for job in jobs]).items():
            self._tell(by_attempt[attempt], seen)
            unknown = seen if isinstance(seen, UnknownError) else unknown
        if unknown:
            raise unknown

    def _tell(self, job: Job, seen: Sight | Exception) -> None:
        gone = False
        if isinstance(seen, Sight) and seen.phase in deciding.MISSING:
            # Without a number, it may be on its way; that is the sender's to find out.
            on_its_way = not (job.batch_id or job.started_at or job.cancel_wanted)
            gone = not on_its_way and self._absent.gone((job.id, job.attempt))
        else:
            self._absent.seen((job.id, job.attempt))
        started = job.started_at is not None
        event = deciding.event_of(seen, started=started, gone=gone)
        if event and event.cause is Cause.REQUEUED and not event.node_died:
            # A node may be about to begin with it all the same: from now on it does not, or it has.
            attempt = Attempt.of(job.order)
            self._backend.withdraw(attempt)
            seen = self._backend.look([job.order])[attempt]
            gone = isinstance(seen, Sight) and seen.phase is Phase.FORGOTTEN
            self._absent.seen((job.id, job.attempt))
            event = deciding.event_of(seen, started=started, gone=gone)
        if event:
            after = self._store.apply(job.id, event, job.attempt)
            self._follow(after)
            if after.attempt != job.attempt:
                self._backend.clean(Attempt.of(job.order))

    def _collect(self, job: Job) -> None:
        """Fetch the results of a job that ended."""
        try:
            delivered = delivery.deliver(self._backend, job.order, self._files, self._most_bytes)
        except NotPermittedError as error:
            delivered = delivery.Delivered("", {}, f"there are no results: {error.found}")
        self._follow(job)
        self._status.said(job, delivered.said)
        self._store.set_collected(
            job.id, delivered.digest, delivered.usage, delivered.points_failed
        )

    def _purge(self, job: Job) -> None:
        """Remove all files of a job that was deleted, here and where it ran."""
        if job.sent_at is not None:
            try:
                self._backend.clean(Attempt.of(job.order))
            except NotPermittedError as error:
                self._log(f"job {job.id}: its directory stays where it ran: {error.found}")
        self._files.remove(job.id)
        self._status.remove(job)
        self._store.set_purged(job.id)

    def _follow(self, job: Job) -> None:
        """Complete a job's status file: what a job announces itself is noted by others."""
        self._status.follow(job, self._store.events(job.id))


class _Step:
    """One thing after the other, as long as it does not take long.

    Args:
        clock: seconds that only grow.
        log: is told what failed.
        closed: set when it is to do no more.
    """

    def __init__(
        self, clock: Callable[[], float], log: Callable[[str], None], closed: threading.Event
    ) -> None:
        self._clock = clock
        self._log = log
        self._closed = closed
        self._end = clock() + SLOW_SECONDS
        self.failed = False
        self.more = False

    @property
    def is_over(self) -> bool:
        """Whether it took long, or is to end."""
        return self._closed.is_set() or self._clock() > self._end

    def each(self, action: Callable[[Job], None], jobs: Sequence[Job]) -> None:
        """Do something for jobs, until that takes long."""
        self.more = self.more or len(jobs) >= _MOST
        for job in jobs:
            if self.is_over:
                return
            self.do(f"job {job.id}", lambda job=job: action(job))  # type: ignore[misc]

    def do(self, what: str, action: Callable[[], None]) -> None:
        """Do something that may fail.

        Raises:
            AwayError: the database does not answer.
        """
        try:
            action()
        except AwayError:
            raise
        except (ServiceError, OSError) as error:
            self.failed = True
            self._log(f"{what}: {error}")

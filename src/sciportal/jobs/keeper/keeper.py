"""Looks after all jobs of one backend. Every step can be cut short anywhere, and be done again."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sciportal.jobs import states
from sciportal.jobs.errors import AwayError
from sciportal.jobs.keeper import deciding, delivery
from sciportal.jobs.keeper.patience import Absences, Patience
from sciportal.jobs.notify import tokens
from sciportal.jobs.queue.backend import Attempt, Sight
from sciportal.service.errors import NotPermittedError, ServiceError, UnknownError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sciportal.jobs.files import JobFiles
    from sciportal.jobs.order import Order
    from sciportal.jobs.queue.backend import Backend
    from sciportal.jobs.settings import Settings
    from sciportal.jobs.status_file import StatusFiles
    from sciportal.jobs.store.job import Job
    from sciportal.jobs.store.store import Store

_AT_ONCE = 4
"""Calls of the helper; each waits mostly for Slurm."""
_ALONE_SECONDS = 15.0
_CANCEL_SECONDS = 5.0


class Keeper:
    """One backend's.

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
        self._name = name
        self._settings = settings
        self._secret = secret
        self._files = files
        self._status = status
        self._log = log
        self._alone: Patience[tuple[str, str]] = Patience(_ALONE_SECONDS, clock)
        self._cancelled: Patience[int] = Patience(_CANCEL_SECONDS, clock)
        self._absent = Absences(settings.reconcile_seconds / 2, clock)

    def turn(self) -> None:
        """Do what is to be done at once: send, cancel, fetch, remove.

        Each looks at some jobs only; those of who does not answer take nobody's place among them.

        Raises:
            AwayError: the database does not answer.
        """
        if not self._backend.pulls:
            self._each(self.send, self._store.unsent(self._name, without=self._alone.resting()))
            wanted = [job for job in self._store.active(self._name) if job.cancel_wanted]
            self._each(self.cancel, [job for job in wanted if not self._cancelled.rests(job.id)])
            left = self._store.uncollected(self._name, without=self._alone.resting())
            self._each(self.collect, left)
        self._each(self.purge, self._store.unpurged(self._name, self._alone.resting()))

    def send(self, job: Job) -> None:
        """Hand a job over; again where that was cut short."""
        job = self._store.apply(job.id, states.SENT, job.attempt)
        if job.final or job.cancel_wanted:
            return
        order = self._order(job)
        self._follow(job)
        try:
            batch = self._backend.send(order, self._files.inputs_place(job.id))
        except UnknownError:
            raise
        except ServiceError as error:
            reason = f"{error.found}; {error.advice}"
            self._status.said(job, reason)
            self._follow(self._store.apply(job.id, states.refused(reason), job.attempt))
            return
        # First the line: cut short between the two, it is there twice rather than never.
        self._status.said(job, f"Submitted batch job {batch}")
        self._store.set_batch(job.id, batch, job.attempt)

    def cancel(self, job: Job) -> None:
        """Cancel a job whose owner wants that, and see whether it has ended."""
        self._cancelled.rest(job.id)
        try:
            self._backend.cancel(Attempt.of(job.order))
        except NotPermittedError as error:
            self._tell(job, error)
        else:
            self.reconcile([job])

    def reconcile(self, jobs: Sequence[Job] | None = None) -> None:
        """See what became of jobs, where nobody announced it.

        Args:
            jobs: which; None for all.

        Raises:
            AwayError: the database does not answer.
        """
        if self._backend.pulls:
            return
        jobs = self._store.active(self._name) if jobs is None else jobs
        by_attempt = {Attempt.of(job.order): job for job in jobs}
        if by_attempt:
            for attempt, seen in self._backend.look([job.order for job in jobs]).items():
                self._tell(by_attempt[attempt], seen)

    def _tell(self, job: Job, seen: Sight | Exception) -> None:
        gone = False
        if isinstance(seen, Sight) and seen.phase in deciding.MISSING:
            # Without a number, it may be on its way; that is the sender's to find out.
            on_its_way = not (job.batch_id or job.started_at or job.cancel_wanted)
            gone = not on_its_way and self._absent.gone((job.id, job.attempt))
        else:
            self._absent.seen((job.id, job.attempt))
        event = deciding.event_of(seen, started=job.started_at is not None, gone=gone)
        if event:
            after = self._store.apply(job.id, event, job.attempt)
            self._follow(after)
            if after.attempt != job.attempt:
                self._backend.clean(Attempt.of(job.order))

    def collect(self, job: Job) -> None:
        """Fetch the results of a job that ended."""
        most = self._settings.limits.results_bytes
        try:
            delivered = delivery.deliver(self._backend, job.order, self._files, most)
        except NotPermittedError as error:
            delivered = delivery.Delivered("", {}, f"there are no results: {error.found}")
        self._follow(job)
        self._status.said(job, delivered.said)
        self._store.set_collected(
            job.id, delivered.digest, delivered.usage, delivered.points_failed
        )

    def purge(self, job: Job) -> None:
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

    def _order(self, job: Job) -> Order:
        listener = self._settings.listener_url
        if not listener:
            return job.order
        return job.order.announcing(listener, tokens.make(self._secret, job.id, job.attempt))

    def _each(self, step: Callable[[Job], None], jobs: Iterable[Job]) -> None:
        """Do a step for jobs, a few at once; one that fails is tried again later."""
        waiting = [job for job in jobs if not self._alone.rests((job.owner, job.host))]
        if not waiting:
            return
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            away = [error for error in pool.map(lambda job: self._one(step, job), waiting) if error]
        if away:
            raise away[0]

    def _one(self, step: Callable[[Job], None], job: Job) -> AwayError | None:
        try:
            if not self._alone.rests((job.owner, job.host)):
                step(job)
        except AwayError as error:
            return error
        except (ServiceError, OSError) as error:
            self._alone.rest((job.owner, job.host))
            self._log(f"job {job.id}: {error}")
        return None

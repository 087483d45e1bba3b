"""The store: each method is one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy.engine import Connection, Engine

from sciportal.jobs.states import Event, State
from sciportal.jobs.store import claims, engine, events, jobs, workers
from sciportal.jobs.store.claims import Beat
from sciportal.jobs.store.idempotency import earlier_job, forget, remember
from sciportal.jobs.store.job import Brought, Job, JobEvent, JobSummary, Listing, NewJob, Whose
from sciportal.jobs.store.workers import Worker

T = TypeVar("T")


class Store:
    """Jobs, what happened to them, and who works on them. Threads and processes may share it.

    Args:
        database: see `engine.connect`.
        clock: seconds since 1970, UTC.

    Raises (every method):
        AwayError: the database does not answer; nothing is done that it did not confirm.
    """

    def __init__(self, database: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = database
        self._clock = clock

    @property
    def engine(self) -> Engine:
        """The database."""
        return self._engine

    def submit(
        self,
        new: NewJob,
        idempotency: tuple[str, str] | None = None,
        *,
        most: int | None = None,
        place: Callable[[Job], None] | None = None,
    ) -> Job:
        """A new job, which stands in the queue when this returns.

        Args:
            new: the job.
            idempotency: key of the request and digest of what is asked; the same twice is one job.
            most: jobs of the owner, or the address, that may be open; None for any number.
            place: puts the job's files where they belong, before anybody sees it; not called for
                the second of two equal requests. Where it raises something, there is no job.

        Raises:
            QuotaError: there are as many jobs.
            ConflictError: the key came before with another digest.
        """

        columns = jobs.columns(new)

        def action(connection: Connection) -> Job:
            jobs.alone(connection, new.share)
            earlier = earlier_job(connection, new.share, idempotency)
            if earlier is not None:
                return earlier
            now = self._now()
            job = jobs.insert(connection, columns, now, most)
            if idempotency is not None:
                remember(connection, new.share, idempotency, job.id, now)
            if place is not None:
                place(job)
            return job

        return self._write(action)

    def job_of(self, share: str, idempotency: tuple[str, str]) -> Job | None:
        """The job that an earlier request with the same key made, see `submit`.

        Raises:
            ConflictError: the key came before with another digest.
        """
        return self._read(lambda connection: earlier_job(connection, share, idempotency))

    def forget_keys(self, older_seconds: float) -> int:
        """Forget the keys of requests that were made before that; how many those were."""
        before = self._now() - int(older_seconds * 1_000_000)
        return self._write(lambda connection: forget(connection, before))

    def job(self, job_id: int) -> Job | None:
        """The job, also where it is hidden; None where there is none."""
        return self._read(lambda connection: jobs.get(connection, job_id))

    def jobs(self, listing: Listing) -> list[JobSummary]:
        """The jobs of a listing that are not hidden, newest first."""
        return self._read(lambda connection: jobs.listed(connection, listing))

    def count(self, listing: Listing) -> dict[State, int]:
        """How many jobs of a listing there are in each state; its limit is ignored."""
        return self._read(lambda connection: jobs.counted(connection, listing))

    def apply(self, job_id: int, event: Event, at_attempt: int | None = None) -> Job:
        """Do to a job what an event does to it, see `states.after`.

        Args:
            job_id: the job.
            event: what happened.
            at_attempt: the attempt that it happened to; what comes of an earlier one changes
                nothing.

        Returns:
            The job as it is then.

        Raises:
            NoJobError: there is no such job.
        """

        def action(connection: Connection) -> Job:
            job = events.locked(connection, job_id)
            if at_attempt not in (None, job.attempt):
                return job
            return events.apply(connection, job, event, self._now())

        return self._write(action)

    def events(self, job_id: int) -> list[JobEvent]:
        """What happened to a job, in order."""
        return self._read(lambda connection: events.of_job(connection, job_id))

    def want_cancel(self, job_id: int, kind: State) -> Job:
        """A job's owner wants its end. What nobody has yet ends at once, without a batch system.

        Args:
            job_id: the job.
            kind: CANCEL, or DELETE, which hides it then, too; of one that has ended, DELETE
                hides it, and CANCEL changes nothing.

        Raises:
            NoJobError: there is no such job.
        """

        def action(connection: Connection) -> Job:
            return events.want_end(connection, events.locked(connection, job_id), kind, self._now())

        return self._write(action)

    def unsent(self, backend: str, limit: int = 100, whose: Whose | None = None) -> list[Job]:
        """Jobs of which the batch system has not said a number, the first to go first.

        Where it is said whose, only theirs, here and below. Who hands one over applies
        `states.SENT` first, and then sets the number. One that was sent and has no number was cut
        short: it is handed over again, which must give the same job.
        """
        return self._read(lambda connection: jobs.unsent(connection, backend, limit, whose))

    def active(self, backend: str, whose: Whose | None = None) -> list[Job]:
        """Jobs that were sent, or claimed, and have not ended; `cancel_wanted` ones among them."""
        return self._read(lambda connection: jobs.active(connection, backend, whose))

    def uncollected(self, backend: str, limit: int = 100, whose: Whose | None = None) -> list[Job]:
        """Jobs that ended after they were sent, and whose results are not here yet."""
        return self._read(lambda connection: jobs.uncollected(connection, backend, limit, whose))

    def unpurged(
        self, backend: str | None = None, limit: int = 100, whose: Whose | None = None
    ) -> list[Job]:
        """Deleted jobs whose files may still be here; some of them."""
        return self._read(lambda connection: jobs.unpurged(connection, limit, backend, whose))

    def who_waits(self, backend: str) -> set[Whose]:
        """Whose jobs are to be sent, ended, fetched or removed."""
        return self._read(lambda connection: jobs.who_waits(connection, backend))

    def who_runs(self, backend: str) -> set[Whose]:
        """Whose jobs are `active`."""
        return self._read(lambda connection: jobs.who_runs(connection, backend))

    def set_batch(self, job_id: int, batch_id: str, at_attempt: int) -> bool:
        """Note the batch system's number; False where the job ended, or is in another attempt."""
        return self._write(
            lambda connection: events.set_batch(connection, job_id, at_attempt, batch_id)
        )

    def say_why(self, job_id: int, at_attempt: int, reason: str) -> None:
        """Note why a job that could not be handed over waits; a number, or its start, forget it."""
        self._write(lambda connection: events.say_why(connection, job_id, at_attempt, reason))

    def set_collected(
        self,
        job_id: int,
        results_sum: str,
        usage: Mapping[str, Any] | None = None,
        points_failed: Mapping[str, Any] | None = None,
    ) -> bool:
        """Note that a job's results are here; whether they were not before.

        Args:
            job_id: the job.
            results_sum: SHA-256 of them, by which the same results are known again.
            usage: what the job used.
            points_failed: of a mapped job, see `failed_points`.
        """
        brought = Brought(results_sum, usage or {}, points_failed or {})
        return self._write(
            lambda connection: jobs.collected(connection, job_id, brought, self._now())
        )

    def set_purged(self, job_id: int) -> bool:
        """Note that a deleted job's files are gone; whether they were not before."""
        values = {"purged_at": self._now()}
        return self._write(lambda connection: jobs.mark(connection, job_id, "purged_at", values))

    def claim(self, worker: str, request: str, room: int, lease_seconds: float) -> list[Job]:
        """Give a worker up to `room` jobs, or again those that the same `request` was given."""
        return self._write(
            lambda connection: claims.claim(
                connection, worker, request, room, lease_seconds, self._now()
            )
        )

    def heartbeat(self, worker: str, running: Mapping[int, int], lease_seconds: float) -> Beat:
        """A worker says which attempt of which job it runs, and keeps them."""
        return self._write(
            lambda connection: claims.heartbeat(connection, worker, running, lease_seconds)
        )

    def conclude(
        self,
        job_id: int,
        worker: str,
        attempt: int,
        event: Event,
        place: Callable[[], Brought] | None = None,
    ) -> Job | None:
        """A worker says how a job ended, and brings its results: both count, or neither.

        Args:
            job_id: the job.
            worker: who says it.
            attempt: of which it says it.
            event: how it ended.
            place: puts the results where they belong; called only if they are to be there. What
                was left at that place belongs to no attempt.

        Returns:
            The job as it is then; None where that attempt is not, or no longer, the worker's.

        Raises:
            NoJobError: there is no such job.
        """

        def action(connection: Connection) -> Job | None:
            job = events.locked(connection, job_id)
            if (job.worker, job.attempt) != (worker, attempt):
                return None
            if place and job.collected_at is None and job.deleted_at is None:
                jobs.collected(connection, job_id, place(), self._now())
            return events.apply(connection, job, event, self._now())

        return self._write(action)

    def expire(self, elapsed_seconds: float, lost_seconds: float) -> list[Job]:
        """Count silence of workers, see `claims.expire`; to be called some times in a lease."""
        return self._write(
            lambda connection: claims.expire(connection, elapsed_seconds, lost_seconds, self._now())
        )

    def declare_worker(self, name: str, token_sha256: str) -> None:
        """Let a worker in with a token; one that it had before is dead."""
        self._write(lambda connection: workers.declare(connection, name, token_sha256))

    def remove_worker(self, name: str) -> bool:
        """Let a worker in no longer; whether there was one."""
        return self._write(lambda connection: workers.remove(connection, name))

    def worker(self, token_sha256: str) -> str | None:
        """The worker whose token it is."""
        return self._read(lambda connection: workers.of_token(connection, token_sha256))

    def worker_seen(self, name: str, address: str, max_jobs: int | None = None) -> None:
        """A worker asked for something."""
        self._write(
            lambda connection: workers.seen(connection, name, address, max_jobs, self._now())
        )

    def workers(self) -> list[Worker]:
        """All workers, by name."""
        return self._read(workers.every)

    def _now(self) -> int:
        return int(self._clock() * 1_000_000)

    def _read(self, action: Callable[[Connection], T]) -> T:
        return engine.read(self._engine, action)

    def _write(self, action: Callable[[Connection], T]) -> T:
        return engine.write(self._engine, action)

"""Jobs on their way to the batch system: several of one owner in one call, each for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciportal.jobs import states
from sciportal.jobs.notify import tokens
from sciportal.jobs.queue.backend import Parcel
from sciportal.service.errors import NotPermittedError, ServiceError, UnknownError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciportal.jobs.files import JobFiles
    from sciportal.jobs.queue.backend import Backend
    from sciportal.jobs.settings import Settings
    from sciportal.jobs.status_file import StatusFiles
    from sciportal.jobs.store.job import Job
    from sciportal.jobs.store.store import Store

MOST_JOBS = 20
"""In one call; its start costs as much as several jobs."""
_MOST_BYTES = 2 << 20
# A helper that does not understand is one of another version, until it is upgraded, too.
_WAITS = (UnknownError, UsageError)


def together(jobs: Sequence[Job]) -> Sequence[Job]:
    """The first of these jobs, as many as one call takes; the very first whatever its size."""
    size = 0
    for number, job in enumerate(jobs):
        size += len(job.order_text) + sum(each.size for each in job.order.files)
        if number and (size > _MOST_BYTES or number == MOST_JOBS):
            return jobs[:number]
    return jobs


class Handover:
    """Hands jobs over. Threads may share it, each for somebody else.

    Args:
        store: the jobs.
        backend: where they run.
        settings: of the portal.
        secret: with which the tokens of jobs are made.
        files: of the jobs.
        status: their status files.
    """

    def __init__(
        self,
        store: Store,
        backend: Backend,
        settings: Settings,
        secret: bytes,
        files: JobFiles,
        status: StatusFiles,
    ) -> None:
        self._store = store
        self._backend = backend
        self._listener = settings.listener_url
        self._secret = secret
        self._files = files
        self._status = status

    def begin(self, job: Job) -> bool:
        """Note that a job is about to be handed over; whether it still is to be.

        Raises:
            UnknownError: its input files are not there now.
        """
        job = self._store.apply(job.id, states.SENT, job.attempt)
        if job.final or job.cancel_wanted:
            return False
        self._follow(job)
        # In one call the files of one job follow those of another, so each has to have its bytes.
        there = {each.path: each.size for each in self._files.inputs(job.id)}
        for each in job.order.files:
            if there.get(each.name) != each.size:
                found = f"its input {each.name} is not whole"
                raise UnknownError("send a job", found, "see the portal's disk")
        return True

    def send(self, jobs: Sequence[Job]) -> None:
        """Hand jobs over; again where that was cut short.

        Args:
            jobs: of one owner on one host, which have begun.

        Raises:
            UnknownError: of some it is not known whether they are handed over.
        """
        if not jobs:
            return
        for each in self._hand(jobs):
            if isinstance(each, _WAITS):
                raise UnknownError(each.wanted, each.found, each.advice)

    def _hand(self, jobs: Sequence[Job]) -> Sequence[str | ServiceError]:
        try:
            answers = self._backend.send([self._parcel(job) for job in jobs])
        except UnknownError as error:
            answers = [error] * len(jobs)
        except ServiceError as error:
            if len(jobs) > 1 and not isinstance(error, NotPermittedError):
                return self._hand_singly(jobs)
            answers = [error] * len(jobs)
        for job, answer in zip(jobs, answers, strict=False):
            self._note(job, answer)
        return answers

    def _hand_singly(self, jobs: Sequence[Job]) -> Sequence[str | ServiceError]:
        # One of them may be what was wrong with all.
        answers: list[str | ServiceError] = []
        for job in jobs:
            answer = self._hand([job])
            answers += answer
            # A helper that came to none of them answered nothing.
            if any(isinstance(each, UnknownError) for each in answer):
                # Who is silent now is so for the others.
                break
        return answers

    def _note(self, job: Job, answer: str | ServiceError) -> None:
        if isinstance(answer, _WAITS):
            waits = f"not handed over yet: {answer.found}; it is tried again by itself"
            self._store.say_why(job.id, job.attempt, waits)
        elif isinstance(answer, ServiceError):
            reason = f"{answer.found}; {answer.advice}"
            self._status.said(job, reason)
            self._follow(self._store.apply(job.id, states.refused(reason), job.attempt))
        else:
            # First the line: cut short between the two, it is there twice rather than never.
            self._status.said(job, f"Submitted batch job {answer}")
            self._store.set_batch(job.id, answer, job.attempt)

    def _parcel(self, job: Job) -> Parcel:
        order = job.order
        if self._listener:
            order = order.announcing(self._listener, tokens.make(self._secret, job.id, job.attempt))
        return Parcel(order, self._files.inputs_place(job.id))

    def _follow(self, job: Job) -> None:
        self._status.follow(job, self._store.events(job.id))

"""Jobs that operators should look at, because they do not move on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sciportal.jobs.settings import DISPATCH
from sciportal.jobs.store.job import Job
from sciportal.jobs.web.pages import figures

_MINUTE = 60 * figures.MICROSECONDS
# The keeper sends within seconds, and fetches results as soon as a job has ended.
_SENT_MINUTES = 5
_FETCHED_MINUTES = 10
# Far clusters may have no room for long.
_CLAIMED_MINUTES = 60
# Beyond the time that it asked for; batch systems count from a job's begin, and end it themselves.
_OVERTIME_MINUTES = 10


class Stuck(NamedTuple):
    """A job that does not move on."""

    job: Job
    why: str


def stuck(jobs: Iterable[Job], now: int) -> list[Stuck]:
    """The jobs among `jobs` that do not move on.

    Args:
        jobs: of any state.
        now: in microseconds since 1970.
    """
    return [Stuck(job, why) for job in jobs for why in _reasons(job, now)]


def _reasons(job: Job, now: int) -> Iterator[str]:
    """Why the job seems stuck: at most one reason."""
    if job.final:
        since = now - (now if job.ended_at is None else job.ended_at)
        awaited = job.collected_at is None and job.sent_at is not None
        if awaited and since > _FETCHED_MINUTES * _MINUTE:
            yield f"it ended {_ago(since)} ago, and its results have not come"
    elif job.started_at is not None:
        minutes = job.order.resources.minutes
        since = now - job.started_at
        if since > (minutes + _OVERTIME_MINUTES) * _MINUTE:
            yield f"it has run for {_ago(since)}, and asked for {figures.duration(minutes * 60)}"
    elif job.sent_at is None:
        since = now - job.submitted_at
        if job.backend == DISPATCH and since > _CLAIMED_MINUTES * _MINUTE:
            yield f"no worker has taken it for {_ago(since)}"
        elif job.backend != DISPATCH and since > _SENT_MINUTES * _MINUTE:
            yield f"not handed to the batch system for {_ago(since)}; look at the keeper"
    elif not job.batch_id and not job.worker and now - job.sent_at > _SENT_MINUTES * _MINUTE:
        yield f"no answer of the batch system for {_ago(now - job.sent_at)}; look at the keeper"


def _ago(since: int) -> str:
    return figures.duration(since // figures.MICROSECONDS)

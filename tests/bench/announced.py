"""Announcements of jobs, as many a second as a large cluster makes."""

from __future__ import annotations

import http.client
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from sqlalchemy.engine import Connection

from bench.controller import SECRET, Controller
from jobs.samples import new_job
from sciportal.jobs import states
from sciportal.jobs.notify import tokens
from sciportal.jobs.states import State
from sciportal.jobs.store import engine, events, jobs
from sciportal.jobs.store.job import Job

A_SECOND = 100
# A job's end comes so many announcements after its start.
_LASTS = 51
_AT_ONCE = 100


class Heard(NamedTuple):
    """What came of them."""

    asked: int
    """Announcements that were made."""
    lost: int
    """Jobs of which the portal does not know what they announced."""
    median: float
    slowest: float
    """Seconds that one took."""


def measure(portal: Controller, seconds: float) -> Heard:
    """Have jobs announce their start and their end.

    Args:
        portal: its listener runs.
        seconds: how long.
    """
    number = int(A_SECOND * seconds)
    now = int(time.time() * 1_000_000)

    def send(connection: Connection) -> list[Job]:
        values = jobs.columns(new_job())
        new = [jobs.insert(connection, values, now, None) for _ in range(number // 2)]
        return [events.apply(connection, job, states.SENT, now) for job in new]

    sent = engine.write(portal.store.engine, send)
    start = time.monotonic() + 0.5

    def run(turn: int) -> list[float]:
        took = []
        for event, at in (("started", 2 * turn), ("finished&exit=0", 2 * turn + _LASTS)):
            time.sleep(max(start + at / A_SECOND - time.monotonic(), 0))
            took.append(_announce(portal, sent[turn], event))
        return took

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        took = [each for pair in pool.map(run, range(len(sent))) for each in pair]
    found = [portal.store.job(job.id) for job in sent]
    lost = sum(
        1 for job in found if job is None or job.state is not State.COMPLETE or not job.started_at
    )
    return Heard(number, lost, statistics.median(took), max(took))


def _announce(portal: Controller, job: Job, event: str) -> float:
    token = tokens.make(SECRET, job.id, job.attempt)
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", portal.listener, timeout=20)
    connection.request("GET", f"/notify?token={token}&event={event}")
    connection.getresponse().read()
    connection.close()
    return time.monotonic() - begun

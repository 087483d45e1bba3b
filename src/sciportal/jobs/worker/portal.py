"""The portal, as its worker speaks to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import Enum
from typing import IO
from urllib.parse import quote

from sciportal.jobs import exchange
from sciportal.jobs.exchange import Ask, Beat, Pulse, Report
from sciportal.jobs.order import InputFile
from sciportal.jobs.worker.connection import Body, Connection, RefusedError
from sciportal.jobs.worker.multipart import Body as Form
from sciportal.jobs.worker.multipart import Part
from sciportal.service.errors import UnknownError

_NOT_OURS = (404, 409, 410)
_TOO_LARGE = (400, 413, 422)


class Taken(Enum):
    """What became of a report."""

    STORED = "stored"
    NOT_OURS = "not ours"
    """The portal wants nothing of it: the job ended otherwise, or is another worker's by now."""
    TOO_LARGE = "too large"
    """The portal does not take its results."""


class Portal:
    """See the module.

    Args:
        connection: the way to it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, ask: Ask) -> list[object]:
        """Orders, as they came.

        Raises:
            UnknownError: there was no answer: the same question is to be asked again.
            RefusedError: the portal gives this worker no jobs.
        """
        said = self._connection.ask("/jobs/nextjob.json", exchange.to_json(ask))
        jobs = said.get("jobs")
        if not isinstance(jobs, list):
            found = "the answer has no list of jobs"
            raise UnknownError("a question for jobs", found, "see whether `portal` is one")
        return jobs

    def beat(self, beat: Beat) -> Pulse:
        """Say which jobs there are, and hear which are not to be.

        Raises:
            UnknownError: there was no answer.
            RefusedError: the portal does not know this worker.
            UsageError: the answer is not as it should be.
        """
        return exchange.pulse(self._connection.ask("/jobs/heartbeat.json", exchange.to_json(beat)))

    def fetch(self, job: int, file: InputFile, into: IO[bytes]) -> None:
        """Get a file of a job; see Connection.fetch."""
        self._connection.fetch(f"/jobs/{job}/inputs/{quote(file.name)}", into, file.size)

    def post(self, job: int, report: Report, parts: Sequence[Part]) -> Taken:
        """Say how a job ended, with its results.

        Raises:
            UnknownError: nobody knows whether the portal has it: it is to be said again.
            RefusedError: the portal does not know this worker.
            OSError: a result cannot be read.
        """
        form = Form(("result", json.dumps(exchange.to_json(report))), parts)
        try:
            self._connection.send(f"/jobs/{job}/postjob", Body(form.type, form.length, form))
        except RefusedError as error:
            if error.status in _NOT_OURS:
                return Taken.NOT_OURS
            if error.status in _TOO_LARGE and parts:
                return Taken.TOO_LARGE
            raise
        return Taken.STORED

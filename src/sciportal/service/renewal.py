"""Renewing a job before its time is over: its main process stops, and it goes back to the queue.

The same job is requeued, so there is never a second one of its name.
"""

from __future__ import annotations

import os
import signal
import time

from sciportal.light import TYPE_CHECKING
from sciportal.service import stages
from sciportal.service.errors import ServiceError, UnknownError
from sciportal.service.main_process import MainProcess
from sciportal.service.slurm import Slurm

if TYPE_CHECKING:
    from collections.abc import Callable

# Between the end of the main process and the limit there has to be time for the requeue.
_SPARE_SECONDS = 10.0
_RETRY_SECONDS = 5.0
# A job that is said to have begun earlier than so long before its runner, or later, was begun by
# another clock than ours.
_PROLOG_SECONDS = 60.0
_POLL = 0.05


class Renewal:
    """The time limit of a job.

    Args:
        slurm: its cluster.
        job_id: its number; 0 where this is no job.
        stop_timeout: seconds that the main process has to end.
        stage_timeout: seconds that stage `stop` may take.
        say: writes a line to the log.
    """

    def __init__(
        self,
        slurm: Slurm,
        job_id: int,
        stop_timeout: float,
        stage_timeout: float,
        say: Callable[[str], None],
    ) -> None:
        self._slurm = slurm
        self._job_id = job_id
        self._stop_timeout = stop_timeout
        self._stage_timeout = stage_timeout
        self._say = say
        self._begun = time.monotonic()
        self._begun_at = time.time()
        self._margin = 0.0
        self._at = self._begun if job_id else float("inf")
        """When to look at the limit next, by the monotonic clock: the other may be set."""
        self._has_complained = False

    def seconds(self) -> float:
        """Seconds until there is something to do."""
        return self._at - time.monotonic()

    def is_due(self) -> bool:
        """Whether the main process has to be stopped now. The limit may have been changed."""
        if self.seconds() > 0:
            return False
        try:
            begun, end = self._slurm.span_of(self._job_id)
        except UnknownError:
            # Who enforces the limit is the one who does not answer.
            self._retry()
            return False
        except ServiceError as error:
            if not self._has_complained:
                self._say(f"{error}; until then the job is not renewed")
            self._has_complained = True
            self._retry()
            return False
        if not begun or end <= begun:
            self._at = float("inf")
            return False
        late = self._begun_at - begun
        first = self._begun - (late if 0 <= late <= _PROLOG_SECONDS else 0.0)
        self._margin = min(self._stop_timeout + _SPARE_SECONDS, (end - begun) / 3)
        self._at = first + (end - begun) - self._margin
        return self.seconds() <= 0

    def _retry(self) -> None:
        self._at = time.monotonic() + _RETRY_SECONDS

    def stop(self, process: MainProcess, executable: str) -> bool:
        """Let the main process end gracefully, by the signal that stage `stop` names.

        Returns:
            True: it has ended now.
        """
        self._say("the time limit of the job is near: it is renewed")
        deadline = time.monotonic() + max(1.0, self._margin - _SPARE_SECONDS / 2)
        process.signal(self._signal(executable))
        while not process.has_ended():
            time.sleep(_POLL)
            if time.monotonic() > deadline:
                process.signal(signal.SIGKILL)
        return True

    def _signal(self, executable: str) -> int:
        try:
            timeout = min(self._stage_timeout, self._margin / 2)
            said = stages.call(executable, "stop", env=os.environ, timeout=timeout, login=True)
            return stages.signal_advice(said, "stop", signal.SIGTERM).number
        except ServiceError as error:
            self._say(f"{error}; sending SIGTERM without asking it")
            return signal.SIGTERM

    def requeue(self) -> bool:
        """Put the job back into the queue; whether Slurm did."""
        try:
            problem = self._slurm.requeue(self._job_id)
        except ServiceError as error:
            # The service goes on until there is an answer, or until its time is over.
            self._say(f"the job cannot be renewed yet ({error.found})")
            self._retry()
            return False
        if not problem:
            return True
        self._say(f"the job cannot be renewed ({problem}): it ends at its time limit")
        self._at = float("inf")
        return False

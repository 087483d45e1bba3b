"""How long a wait has taken and for what: one line on the terminal that is written anew.

It learns from what the command asks Slurm anyway, and costs no question of its own.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import cast

from sciportal.light import TYPE_CHECKING
from sciportal.service.errors import UnknownError
from sciportal.service.job import Job, State
from sciportal.service.names import service_of
from sciportal.service.plan import Action
from sciportal.service.session import Session
from sciportal.service.slurm import Slurm
from sciportal.service.terminal import clean, width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TextIO

# What is over sooner needs no line.
_AFTER = 0.5
# ECMA-48, EL: to the end of the line.
_CLEAR = "\r\033[K"
_ENDING = frozenset({Action.STOP, Action.INIT, Action.PURGE})
_OTHER_CALL = "waiting for another call of sbatch-service"


class Line:
    """The line.

    Args:
        action: what is waited for.
        sleep: waits so many seconds.
        clock: the monotonic time, in seconds.
        out: the terminal.
    """

    def __init__(
        self,
        action: Action,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        out: TextIO | None = None,
    ) -> None:
        self._action = action
        self._sleep = sleep
        self._clock = clock
        self._out = out or sys.stderr
        self._begun = clock()
        # Nothing is asked of Slurm before all locks are held.
        self._doing = _OTHER_CALL
        self._shown = ""

    def sleep(self, seconds: float) -> None:
        """Wait, and say so where it takes a while."""
        waited = self._clock() - self._begun
        if waited >= _AFTER:
            self._show(f" {waited:.0f} s")
        self._sleep(seconds)

    def see(self, names: Iterable[str], jobs: Iterable[Job]) -> None:
        """Take notice of an answer of Slurm.

        Args:
            names: of the jobs that are waited for; none while it is not known which.
            jobs: that there are.
        """
        first = {job.name: job for job in reversed([job for job in jobs if not job.is_over])}
        self._note("; ".join(_said(name, first.get(name), self._action) for name in names))

    def silence(self) -> None:
        """Take notice that there was no answer."""
        self._note("Slurm does not answer")

    def clear(self) -> None:
        """Take it away."""
        if self._shown:
            self._shown = ""
            print(_CLEAR, end="", file=self._out, flush=True)

    def _note(self, doing: str) -> None:
        if doing != self._doing:
            # Something happened: what follows may say something of its own.
            self.clear()
        self._doing = doing

    def _show(self, time_: str) -> None:
        room = width(self._out) - len(time_) - 1
        text = clean(self._doing or self._action.value)
        line = (text if len(text) <= room else text[: room - 3] + "...") + time_
        if line != self._shown:
            self._shown = line
            print(_CLEAR + line, end="", file=self._out, flush=True)


def _said(name: str, job: Job | None, action: Action) -> str:
    return f"{service_of(name)}: {_state(job, action)}"


def _state(job: Job | None, action: Action) -> str:
    if job is None:
        return "no job"
    if job.state is State.RUNNING:
        return "stopping" if action in _ENDING else f"running on {job.node}"
    if job.state is State.PENDING and job.reason not in ("", "None"):
        return f"pending ({job.reason})"
    return str(job.state.value)


class _Watched:
    """Slurm, whose answers about the queue are seen by a line as well."""

    def __init__(self, slurm: Slurm, line: Line) -> None:
        self._slurm = slurm
        self._line = line

    def __getattr__(self, name: str) -> object:
        return getattr(self._slurm, name)

    def ask(
        self,
        *,
        user: str | None = None,
        names: Iterable[str] = (),
        partitions: Iterable[str] = (),
    ) -> Callable[[], list[Job]]:
        answer = self._slurm.ask(user=user, names=names, partitions=partitions)

        def seen() -> list[Job]:
            try:
                found = answer()
            except UnknownError:
                self._line.silence()
                raise
            self._line.see(names, found)
            return found

        return seen


@contextmanager
def watched(session: Session, action: Action) -> Iterator[Session]:
    """A session whose waiting is shown.

    Args:
        session: of the call.
        action: what is done.
    """
    line = Line(action, session.sleep, session.clock)
    slurm = cast(Slurm, _Watched(session.slurm, line))
    try:
        yield session._replace(slurm=slurm, sleep=line.sleep)
    finally:
        line.clear()

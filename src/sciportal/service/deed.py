"""One action on one service.

A piece of work is a generator: it yields the seconds after which it wants to see the queue anew
and is sent the jobs, or has UnknownError thrown into it where Slurm does not answer. So one
squeue serves any number of services that are worked on together. Where it waits for a command of
its own it yields MEANWHILE, and goes on when other services have had their turn.
"""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service.errors import UnknownError
from sciportal.service.plan import Action, plan
from sciportal.service.report import report

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from sciportal.service.job import Job
    from sciportal.service.result import Result
    from sciportal.service.view import View

    Work = Generator[float, Sequence[Job], None]

MEANWHILE = -1.0
"""Instead of seconds: others may go on, and the queue is not needed."""


def perform(view: View, action: Action) -> Generator[float, Sequence[Job], Result]:
    """Do it.

    Args:
        view: of the service, whose lock is held where something may be changed.
        action: what to do.

    Raises:
        ServiceError: it could not be done.
    """
    session = view.session
    if action is not Action.STATUS:
        # A status, the most frequent call, needs nothing of what works; others load it while
        # squeue runs.
        from sciportal.service.work import carry_out
    try:
        yield from look(view, 0)
    except UnknownError as error:
        view.why_unknown = error.found
    if action is Action.STATUS:
        return report(view, action, [])
    steps = plan(action, view.present(), archive=session.options.archive)
    yield from carry_out(view, action, steps)
    return report(view, action, steps)


def look(view: View, seconds: float) -> Work:
    """See the queue anew after some seconds.

    Raises:
        UnknownError: Slurm does not answer.
    """
    view.queue = yield seconds

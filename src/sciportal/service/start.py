"""Submitting the job of a service, and making sure that it is in the queue."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service import executable, refusal, stages, submission
from sciportal.service.answers import Answer, Submission
from sciportal.service.deed import MEANWHILE
from sciportal.service.endpoint import Endpoint
from sciportal.service.errors import NotPermittedError, ServiceError, UnknownError
from sciportal.service.job import State
from sciportal.service.order import Order, command
from sciportal.service.processes import InsistedError
from sciportal.service.record import Record
from sciportal.service.reservation import is_chosen, reserve
from sciportal.service.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from sciportal.service.deed import Work
    from sciportal.service.job import Job

# job_submit.lua refuses a second submission of one name for about two seconds.
_DUPLICATE_SECONDS = 5
_SEEN_SECONDS = 5
_POLL = 0.2
_NO_JOB = (Answer.REFUSED, Answer.NOT_SENT)


def start(view: View, refused: tuple[int, ...] = ()) -> Work:
    """Submit the job; when it returns, a job of the service was seen in the queue.

    Args:
        view: of the service, which has no job.
        refused: ports that the scheduler did not let it have.

    Raises:
        ServiceError: stage `start` failed, or the scheduler refused the job.
        NotPermittedError: the account may not use the partition.
        UnknownError: no answer came; a job may still appear.
    """
    not_these = set(refused)
    give_up = view.session.clock() + _DUPLICATE_SECONDS
    while True:
        endpoint = reserve(view, not_these)
        answer = yield from _submit(view, endpoint)
        if answer.answer is Answer.ACCEPTED:
            yield from _confirm(view, answer.job_id)
            return
        if answer.answer is Answer.SILENT:
            yield from _adopt(view, answer)
            return
        view.ledger.nonce = ""
        view.ledger.save(view.session.home, view.layout)
        if answer.answer is Answer.NOT_SENT:
            raise UnknownError(
                f"start {view.service}",
                answer.message,
                "nothing was submitted; try again when Slurm answers",
            )
        taken = refusal.port_taken(answer.message)
        if taken and endpoint and is_chosen(view):
            not_these.add(endpoint.port)
            if len(not_these) < submission.PORT_TRIES:
                continue
        if refusal.is_duplicate(answer.message) and view.session.clock() < give_up:
            view.queue = yield _POLL
            if view.live:
                return
            continue
        raise _refusal(view, answer.message)


def _submit(view: View, endpoint: Endpoint | None) -> Generator[float, Sequence[Job], Submission]:
    session = view.session
    site = session.site
    env = {**session.environ, **submission.stage_environment(view.service, endpoint)}
    path = view.executable.path
    executable.check(path, session.account.uid)
    said = stages.call(
        path, "start", env=env, timeout=site.stage_timeout, login=session.options.login
    )
    advice = stages.start_options(said)
    own = stages.screen(list(view.settings.sbatch), "sbatch", view.layout.settings)
    for each in (*own.overridden, *advice.overridden):
        session.warn(f"{view.service} gave {each}: overridden")
    options = submission.options(
        view.service,
        partition=site.partition,
        site=site.sbatch,
        own=(*own.options, *advice.options),
        log=session.home.path(view.layout.log),
        home=session.home.root,
        endpoint=endpoint,
    )
    order = Order(
        view.service, path, session.home.root, view.settings.restart, view.settings.stop_timeout
    )
    text = submission.script(command(order))
    try:
        _remember(view)
        job_env = submission.environment(
            session.account.environment(session.environ.get("LANG", "C.UTF-8")),
            view.service,
            endpoint,
            view.ledger.nonce,
        )
        answer = yield from _answered(view, session.slurm.send(options, text, job_env))
    except InsistedError:
        # sbatch was on its way: a job may come of it.
        raise
    except KeyboardInterrupt:
        _forget(view)
        raise
    if answer.interrupted:
        if answer.answer in _NO_JOB:
            _forget(view)
        raise KeyboardInterrupt
    return answer


def _answered(
    view: View, answer: Callable[[], Submission]
) -> Generator[float, Sequence[Job], Submission]:
    """Let the work on other services go on while sbatch is on its way."""
    try:
        yield MEANWHILE
    except GeneratorExit:
        # Somebody interrupted that other work; what is on its way arrives nonetheless.
        if answer().answer in _NO_JOB:
            _forget(view)
        raise
    return answer()


def _remember(view: View) -> None:
    """Note the submission before it is made: its answer may never come."""
    import os

    ledger = view.ledger
    ledger.nonce = os.urandom(8).hex()
    ledger.nonce_since = view.session.now()
    ledger.wanted = "running"
    ledger.save(view.session.home, view.layout, is_durable=True)
    # A host that knows a directory on NFS keeps in mind for half a minute which files are not there
    # (nfs(5), acdirmin), and who waits for a service reads this one.
    if not view.session.home.is_there(view.layout.record):
        Record().save(view.session.home, view.layout)


def _forget(view: View) -> None:
    """No job will come of the submission that was noted."""
    view.ledger.nonce = ""
    view.ledger.save(view.session.home, view.layout)


def _confirm(view: View, job_id: int) -> Work:
    """Read the queue back until the job is seen there."""
    session = view.session
    end = session.clock() + _SEEN_SECONDS
    delay = 0.0
    while True:
        view.queue = yield delay
        if any(job.id == job_id for job in view.mine):
            break
        if session.clock() >= end:
            raise ServiceError(
                f"start {view.service}",
                f"job {job_id} was accepted but is not in the queue",
                "see sbatch-service status, then start again",
            )
        delay = _POLL
    _settle(view, job_id)


def _settle(view: View, job_id: int) -> None:
    """Note the job that was seen, and leave only the oldest of its name."""
    ledger = view.ledger
    ledger.nonce = ""
    ledger.job_id = job_id
    ledger.partition = next(job.partition for job in view.mine if job.id == job_id)
    ledger.save(view.session.home, view.layout)
    # Slurm has no singleton: whoever submitted past this command is found here.
    for younger in view.live[1:]:
        view.session.slurm.cancel(younger)


def _adopt(view: View, answer: Submission) -> Work:
    """No answer came: look whether the job is there nonetheless."""
    try:
        view.queue = yield 0.0
    except UnknownError:
        view.queue = None
    if view.queue is not None and view.job and view.job.state is not State.UNKNOWN:
        _settle(view, view.job.id)
        return
    raise UnknownError(
        f"start {view.service}",
        f"the submission got no answer ({answer.message}) and may still be carried out",
        "see sbatch-service status when slurmctld answers",
    )


def _refusal(view: View, message: str) -> ServiceError:
    if refusal.is_not_permitted(message):
        return NotPermittedError(
            f"start {view.service}", message, "ask the operators who may use the partition"
        )
    return ServiceError(
        f"start {view.service}", f"the scheduler refused it: {message}", "mend what it says"
    )

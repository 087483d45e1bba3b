"""Doing the steps of a plan for one service; see `deed` for how work is driven."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service import executable, setup, signals, stages, submission
from sciportal.service.deed import look
from sciportal.service.errors import NotRunningError, ServiceError, UnknownError
from sciportal.service.job import State
from sciportal.service.layout import STATE
from sciportal.service.plan import SETTING_UP, STARTING, Action, Step
from sciportal.service.reservation import foreseen
from sciportal.service.start import start
from sciportal.service.view import View
from sciportal.service.wait import until_listening

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sciportal.service.deed import Work

    Doing = Callable[[View, Step], None]

_POLL = (0.1, 0.1, 0.2, 0.2, 0.3, 0.5)
# A job that has just begun may not have a process yet that takes the signal.
_YOUNG_SECONDS = 3


def carry_out(
    view: View,
    action: Action,
    steps: Sequence[Step],
    more: Mapping[str, Doing] | None = None,
    *,
    checked: bool = False,
) -> Work:
    """Do the steps, unless this call only checks.

    Args:
        view: of the service.
        action: what the steps amount to.
        steps: in their order.
        more: how to do steps that only the caller knows.
        checked: the account's files are written by the steps and need no look before.
    """
    if steps and not checked:
        _check_files(view, action)
    if view.session.options.check:
        return
    begun = view.session.home.size(view.layout.log)
    doing = {**_DO, **(more or {})}
    for step in steps:
        if step.step == "stop":
            yield from stop(view, again=action in STARTING)
        elif step.step in _WORKING:
            yield from _WORKING[step.step](view, step)
        else:
            doing[step.step](view, step)
    yield from _settle(view, action, begun, changed=bool(steps))


def _settle(view: View, action: Action, begun: int, *, changed: bool) -> Work:
    """Note what is wanted now, and wait where the call asks for that."""
    wait = view.session.options.wait
    if action in STARTING or action is Action.RELOAD:
        _want(view, "running")
        if wait is not None:
            yield from until_listening(view, begun, wait, again=start)
    elif action in (Action.STOP, Action.INIT) and changed:
        _want(view, "stopped")


def stop(view: View, *, again: bool) -> Work:
    """Stop all jobs of the service; when it returns, none of that name is left.

    Args:
        view: of the service.
        again: it is to be started afterwards.

    Raises:
        ServiceError: the stage failed, or a job is still there after all; or the home takes no
            writing, so that the submission that follows could not be noted.
        UnknownError: Slurm stopped answering.
    """
    session = view.session
    advice = _signal(view, "stop", signals.TERM, again=again)
    # The runner looks there when the main process has ended: it is not to start it again.
    if again:
        view.ledger.wanted = "stopped"
        # Some homes say only then that they are full.
        view.ledger.save(session.home, view.layout, is_durable=True)
    else:
        _want(view, "stopped")
    begun = session.clock()
    mild = begun + _stop_timeout(view)
    end = mild + session.site.cancel_timeout
    signalled: set[int] = set()
    cancelled: set[int] = set()
    polls = iter(_POLL)
    silence: UnknownError | None = None
    while silence or view.live:
        for job in [] if silence else view.live:
            young = session.now() - job.started < _YOUNG_SECONDS
            if session.clock() >= mild and job.id not in cancelled:
                session.slurm.cancel(job)
                cancelled.add(job.id)
            elif job.state in (State.RUNNING, State.PENDING) and (
                job.id not in signalled or (young and session.clock() > begun + 1)
            ):
                session.slurm.signal(job, advice.number, advice.options)
                if job.state is State.RUNNING:
                    signalled.add(job.id)
        if session.clock() >= end:
            raise silence or _still_there(view)
        try:
            yield from look(view, next(polls, _POLL[-1]))
            silence = None
        except UnknownError as error:
            silence = error


def _still_there(view: View) -> ServiceError:
    job = view.job
    found = f"job {job.id} is still {job.raw_state}" if job else "a job is still there"
    return ServiceError(f"stop {view.service}", found, "try again; if it stays, tell the operators")


def _stop_timeout(view: View) -> int:
    try:
        return view.settings.stop_timeout
    except ServiceError:
        return view.session.site.stop_timeout


def _signal(view: View, stage: str, default: int, *, again: bool = False) -> stages.SignalAdvice:
    """Ask the stage for its signal; a service whose executable is gone gets the default."""
    session = view.session
    found = view.executable
    if stage == "stop":
        try:
            executable.check(found.path, session.account.uid)
        except ServiceError as error:
            session.warn(f"{error}; sending {signals.name_of(default)} without asking it")
            return stages.SignalAdvice(default, (), ())
    advice = stages.signal_advice(run_stage(view, stage, again=again), stage, default)
    for each in advice.overridden:
        session.warn(f"stage {stage} of {view.service} gave {each}: overridden")
    return advice


def run_stage(view: View, stage: str, *, again: bool = False) -> str:
    """Run one stage here and return what it printed.

    Args:
        view: of the service.
        stage: its name.
        again: whether a start is to follow a stage `stop`.
    """
    session = view.session
    site = session.site
    endpoint = foreseen(view) if stage == "init" else view.endpoint
    env = {**session.environ, **submission.stage_environment(view.service, endpoint)}
    if again:
        env[submission.AGAIN] = "1"
    executable.check(view.executable.path, session.account.uid)
    return stages.call(
        view.executable.path,
        stage,
        env=env,
        timeout=site.init_timeout if stage == "init" else site.stage_timeout,
        login=session.options.login,
        terminal=stage == "init" and session.terminal,
    )


def call_stage(view: View, step: Step) -> None:
    """Do a step of a plan that calls a stage, and note what `init` was done for."""
    if step.detail == "start":
        # It belongs to the submission: it is told the port, and may be asked twice.
        return
    said = run_stage(view, step.detail)
    if said and not view.session.options.quiet:
        view.session.warn(f"stage {step.detail} of {view.service}:\n{said.rstrip()}")
    view.ledger.digest = view.digest
    view.ledger.save(view.session.home, view.layout)


def _submit(view: View, _step: Step) -> Work:
    yield from start(view)


def _reload(view: View, _step: Step) -> Work:
    advice = _signal(view, "reload", signals.HUP)
    assert view.job
    view.session.slurm.signal(view.job, advice.number, advice.options)
    # scancel's exit code proves nothing, the queue does.
    yield from look(view, 0)
    if view.job is None:
        raise NotRunningError(
            f"reload {view.service}", "its job ended meanwhile", "see its log, then start it"
        )


def _set_up(view: View, step: Step) -> None:
    setup.do(step, view.session.home, view.layout, view.executable, view.session.site)


def _archive(view: View, _step: Step) -> None:
    from sciportal.service import archive

    removable = view.present().removable
    archive.write(view.session.home, view.service, removable, view.session.now())


def _remove(view: View, step: Step) -> None:
    view.session.home.remove(step.detail)


# Steps that look at the queue while they are done, and those that do not.
_WORKING: dict[str, Callable[[View, Step], Work]] = {
    "reload": _reload,
    "submit": _submit,
}
_DO: dict[str, Doing] = {
    "stage": call_stage,
    "link": _set_up,
    "write": _set_up,
    "archive": _archive,
    "remove": _remove,
}


def _check_files(view: View, action: Action) -> None:
    """Find mistakes in the account's files before anything is touched."""
    if action in SETTING_UP or action in STARTING:
        view.settings  # noqa: B018  (read for its errors)
        found = view.executable
        executable.check(found.path if found.there else found.type_path, view.session.account.uid)


def _want(view: View, wanted: str) -> None:
    """Note what is wanted; a home that takes no writing does not undo what was done."""
    home = view.session.home
    if view.ledger.wanted == wanted or not home.is_there(STATE):
        return
    view.ledger.wanted = wanted
    try:
        view.ledger.save(home, view.layout)
    except ServiceError as error:
        view.session.warn(str(error))

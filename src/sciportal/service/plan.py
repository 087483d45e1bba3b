"""What an action does: decided here, from what is wanted and what is there, and done elsewhere.

Check mode, the `steps` of the JSON and the run itself all read the same plan.
"""

from __future__ import annotations

from sciportal.light import Enum, NamedTuple
from sciportal.service.errors import NotRunningError, ServiceError, UnknownError
from sciportal.service.job import State
from sciportal.service.names import job_name


class Action(Enum):
    """The verbs of the command (seed 000)."""

    INIT = "init"
    DEPLOY = "deploy"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    RELOAD = "reload"
    STATUS = "status"
    PURGE = "purge"


SETTING_UP = frozenset({Action.INIT, Action.DEPLOY})
STARTING = frozenset({Action.DEPLOY, Action.START, Action.RESTART})
PERMISSION = SETTING_UP | STARTING
"""Who lost the permission may still stop, reload and purge what runs."""


class Step(NamedTuple):
    """One thing to do. Running it again does no harm."""

    step: str
    detail: str


class Present(NamedTuple):
    """What is there, as far as a plan needs to know."""

    service: str
    state: State
    why_unknown: str
    jobs: tuple[int, ...]
    """Ids of the jobs that are not over."""
    set_up: bool
    """Whether there is an executable to run."""
    type_path: str
    """The pre-defined type of that name; empty where there is none."""
    missing: tuple[Step, ...]
    """Generic files to make."""
    removable: tuple[str, ...]
    """Canonical files that are there, relative to the home."""


def plan(action: Action, now: Present, *, archive: bool = True) -> list[Step]:
    """The steps of an action.

    Args:
        action: what is asked.
        now: what is there.
        archive: whether a purge keeps an archive.

    Raises:
        UnknownError: the state is unknown, so nothing may be done.
        NotRunningError: a reload of what does not run.
        ServiceError: the service was never set up.
    """
    if action is Action.STATUS:
        return []
    if now.state is State.UNKNOWN:
        raise UnknownError(
            f"{action.value} {now.service}",
            f"its state is unknown ({now.why_unknown})",
            "nothing was changed; try again when Slurm answers",
        )
    if action is Action.RELOAD:
        return _reload(now)
    if action is Action.STOP:
        return _stop(now)
    if action is Action.PURGE:
        return [*_stop(now), *_remove(now, archive=archive)]
    if action is Action.START and now.state in (State.PENDING, State.RUNNING):
        return []
    _check_set_up(action, now)
    steps = [*_stop(now), *now.missing]
    if action in SETTING_UP:
        steps.append(Step("stage", "init"))
    if action in STARTING:
        steps += [Step("stage", "start"), Step("submit", job_name(now.service))]
    return steps


def _remove(now: Present, *, archive: bool) -> list[Step]:
    first = [Step("archive", now.service)] if archive and now.removable else []
    return first + [Step("remove", each) for each in now.removable]


def _stop(now: Present) -> list[Step]:
    if now.state is State.STOPPED:
        return []
    jobs = ", ".join(str(each) for each in now.jobs)
    return [Step("stop", f"job {jobs}")]


def _reload(now: Present) -> list[Step]:
    if now.state is State.PENDING:
        return []
    if now.state is not State.RUNNING:
        raise NotRunningError(
            f"reload {now.service}",
            "it is not running",
            f"start it: sbatch-service start {now.service}",
        )
    return [Step("reload", f"job {now.jobs[0]}")]


def _check_set_up(action: Action, now: Present) -> None:
    if now.set_up or (now.type_path and action in SETTING_UP):
        return
    wanted = f"{action.value} {now.service}"
    if now.type_path:
        raise ServiceError(
            wanted, "it was never set up", f"first: sbatch-service init {now.service}"
        )
    raise ServiceError(
        wanted,
        "there is neither such a service of yours nor a type of that name",
        f"write the executable ~/.sbatch-service/{now.service}",
    )

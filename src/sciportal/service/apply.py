"""The declarative verb: services as they are wanted, in one JSON document.

The Ansible modules call it. Whether anything has to be done is decided by a digest of executable,
settings and type, which the ledger keeps from the last `init`.
"""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service import executable, lifecycle, work
from sciportal.service import settings as settings_file
from sciportal.service.configuration import Configuration
from sciportal.service.deed import look
from sciportal.service.document import STATES, WITH_FILES, Wanted
from sciportal.service.errors import ServiceError, UnknownError
from sciportal.service.job import Job, State
from sciportal.service.kinds import kind_of
from sciportal.service.plan import STARTING, Action, Present, Step, plan
from sciportal.service.report import report
from sciportal.service.reservation import check_recorded
from sciportal.service.result import Result
from sciportal.service.session import Session
from sciportal.service.types import formats
from sciportal.service.view import View

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from typing import Any

    from sciportal.service.deed import Work
    from sciportal.service.work import Doing

_SCRIPT_LIMIT = 1 << 20


def run(session: Session, wanted: Sequence[Wanted]) -> list[Result]:
    """Bring services of one account to their wanted states.

    Args:
        session: of this call.
        wanted: services of this account, each once.

    Returns:
        One result a service, with what was there before and after.
    """
    deeds = {each.service: (STATES[each.state], _deed(each)) for each in wanted}
    results = lifecycle.drive(session, deeds)
    if any(action is Action.PURGE for action, _deed in deeds.values()):
        lifecycle.remove_central(session)
    return results


def _deed(wanted: Wanted) -> lifecycle.Deed:
    return lambda view: _ensure(view, wanted)


def _ensure(view: View, wanted: Wanted) -> Generator[float, Sequence[Job], Result]:
    session = view.session
    action = STATES[wanted.state]
    yield from look(view, 0)
    if view.state is State.UNKNOWN:
        why = view.present().why_unknown
        raise UnknownError(
            wanted.service, f"its state is unknown ({why})", "try again when Slurm answers"
        )
    files = _files(view, wanted)
    config = _configuration(view, wanted)
    before = _shown(view, wanted, config.before())
    steps, is_reload = _steps(view, wanted, files, config)
    # What a reload is enough for was not stopped, and goes on.
    means = Action.RELOAD if is_reload else action
    yield from _carry_out(view, means, steps, wanted, config, checked=bool(files))
    result = report(view, action, steps)
    if session.options.check:
        after = _expected(view, before, wanted, steps)
    else:
        config.finish()
        after = _shown(view, wanted, {})
    if wanted.config is not None:
        after["config"] = config.after()
    kept, warnings = tuple(config.kept), tuple(config.warnings)
    return result._replace(before=before, after=after, kept=kept, warnings=warnings)


def _shown(view: View, wanted: Wanted, config: dict[str, str]) -> dict[str, object]:
    return {**view.as_diff(), **({"config": config} if wanted.config is not None else {})}


def _carry_out(
    view: View,
    action: Action,
    steps: Sequence[Step],
    wanted: Wanted,
    config: Configuration,
    *,
    checked: bool,
) -> Work:
    """Do the steps; files that the type refuses are put back as they were."""
    texts = {
        view.layout.executable: (wanted.script or "", 0o700),
        view.layout.settings: (settings_file.dump(wanted.settings or {}), 0o600),
    }

    def put(view: View, step: Step) -> None:
        if not config.put(step.detail):
            text, mode = texts[step.detail]
            view.session.home.write(step.detail, text, mode)

    def test(view: View, _step: Step) -> None:
        work.run_stage(view, Action.RELOAD.value)
        config.accept()

    def stage(view: View, step: Step) -> None:
        work.call_stage(view, step)
        if step.detail == Action.INIT.value:
            config.accept()
            config.finish()

    more: dict[str, Doing] = {"put": put, "test": test, "stage": stage}
    try:
        yield from work.carry_out(view, action, steps, more=more, checked=checked)
    except ServiceError as error:
        # Who refuses the files is a stage; what else fails is not about them.
        if not config.restore() or not error.wanted.startswith("stage "):
            raise
        raise ServiceError(
            f"the config of {wanted.service}",
            f"{error.wanted}: {error.found}",
            "mend the data; its files are as they were before",
        ) from error
    except BaseException:
        config.restore()
        raise


def _configuration(view: View, wanted: Wanted) -> Configuration:
    """The files of the service's type.

    Raises:
        ServiceError: they cannot be written or read, or the port is not to be had.
    """
    port = (wanted.config or {}).get("port")
    if port is not None:
        settings = view.settings if wanted.settings is None else _parsed(view, wanted.settings)
        check_recorded(view, port, settings)
    home, own = view.session.home, view.layout.own
    return Configuration(home, own, wanted.files(), is_forced=wanted.force)


def _parsed(view: View, values: dict[str, Any]) -> settings_file.Settings:
    path = view.session.home.path(view.layout.settings)
    return settings_file.parse(values, view.service, path, view.session.site.stop_timeout)


def _files(view: View, wanted: Wanted) -> list[Step]:
    """The files that have to be written.

    Raises:
        ServiceError: the wanted settings are wrong.
    """
    steps = []
    home, layout = view.session.home, view.layout
    if wanted.script is not None:
        there = not _is_type_link(view) and home.read(layout.executable, _SCRIPT_LIMIT)
        if there != wanted.script:
            steps.append(Step("put", layout.executable))
    if wanted.settings is not None:
        _parsed(view, wanted.settings)
        if (view.settings_text or "") != settings_file.dump(wanted.settings):
            steps.append(Step("put", layout.settings))
    return steps


def _is_type_link(view: View) -> bool:
    import os

    return os.path.islink(view.executable.path)


def _steps(
    view: View, wanted: Wanted, files: Sequence[Step], config: Configuration
) -> tuple[list[Step], bool]:
    """What is to be done, and whether it leaves what runs running, by a reload."""
    now = view.present()
    if wanted.script is not None:
        now = now._replace(set_up=True, missing=_without_type(view, now))
    action = STATES[wanted.state]
    if wanted.state not in WITH_FILES:
        return plan(action, now, archive=view.session.options.archive), False
    is_live = now.state in (State.RUNNING, State.PENDING)
    reloads = formats.reloads(view.service)
    # Whether it could run with them the type says before anything is stopped, if only for a start
    # that follows.
    asks = config.has_news and is_live and (reloads or action not in STARTING)
    tested = [Step("test", view.service)] if asks else []
    first = [*config.steps(), *tested]
    if files or now.missing or view.ledger.digest != _digest(view, wanted):
        steps = plan(action, now)
        # The running instance is stopped by the executable that it was started with.
        stop = 1 if steps[0].step == "stop" else 0
        return [*first, *steps[:stop], *files, *steps[stop:]], False
    if tested and reloads:
        return [*first, *plan(Action.RELOAD, now)], True
    if config.has_news:
        return [*first, *plan(action, now)], False
    return (plan(Action.START, now) if wanted.state == "deployed" else []), False


def _without_type(view: View, now: Present) -> tuple[Step, ...]:
    link = f"{view.layout.executable} to "
    return tuple(each for each in now.missing if not each.detail.startswith(link))


def _digest(view: View, wanted: Wanted) -> str:
    if wanted.script is None and wanted.settings is None:
        return view.digest
    found = view.executable
    path = found.path if found.there else found.type_path
    settings = view.settings_text
    if wanted.settings is not None and (settings or wanted.settings):
        settings = settings_file.dump(wanted.settings)
    version = kind_of(wanted.service).version
    if wanted.script is None:
        return executable.digest(path, settings, version)
    return executable.digest_of(wanted.script.encode(), settings, version)


def _expected(
    view: View, before: dict[str, object], wanted: Wanted, steps: Sequence[Step]
) -> dict[str, object]:
    """What a run would leave, for check mode."""
    if wanted.state == "absent":
        return {"state": "stopped", "set_up": False, "script": None, "settings": None}
    after = dict(before)
    action = STATES[wanted.state]
    if action in STARTING:
        after["state"] = "running"
    elif action is Action.STOP or any(each.step == "stop" for each in steps):
        after["state"] = "stopped"
    if wanted.state in WITH_FILES:
        after["set_up"] = True
        if wanted.script is not None:
            after["script"] = wanted.script
        elif not before["set_up"]:
            after["script"] = view.type_script
        if wanted.settings is not None:
            after["settings"] = settings_file.dump(wanted.settings)
    return after

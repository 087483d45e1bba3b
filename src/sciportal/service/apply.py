"""The declarative verb: services as they are wanted, in one JSON document.

The Ansible modules call it. Whether anything has to be done is decided by a digest of executable,
settings and type, which the ledger keeps from the last `init`.
"""

from __future__ import annotations

import json
import re

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service import executable, lifecycle
from sciportal.service import settings as settings_file
from sciportal.service.deed import look
from sciportal.service.errors import UnknownError, UsageError
from sciportal.service.job import Job, State
from sciportal.service.kinds import kind_of
from sciportal.service.names import check_service
from sciportal.service.plan import STARTING, Action, Present, Step, plan
from sciportal.service.report import report
from sciportal.service.result import Result
from sciportal.service.session import Session
from sciportal.service.view import View
from sciportal.service.work import carry_out

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from typing import Any

SCHEMA = 1
STATES = {
    "present": Action.INIT,
    "deployed": Action.DEPLOY,
    "started": Action.START,
    "stopped": Action.STOP,
    "restarted": Action.RESTART,
    "reloaded": Action.RELOAD,
    "absent": Action.PURGE,
}
_WITH_FILES = ("present", "deployed")
_SCRIPT_LIMIT = 1 << 20
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


class Wanted(NamedTuple):
    """One service as it is to be."""

    service: str
    state: str
    account: str | None
    """Whose it is; None for the caller's."""
    script: str | None
    """Text of the executable; None to leave it."""
    settings: dict[str, Any] | None
    """Keys of SERVICE.toml; None to leave it."""


def read(text: str) -> tuple[list[Wanted], bool]:
    """The wanted services of a document, and whether a purge keeps an archive.

    Raises:
        UsageError: the document is not of the form that `docs/developers/json.md` describes.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError("apply", f"it is no JSON: {error}", "write one object") from None
    if _SURROGATE.search(text) and not _is_text(document):
        raise UsageError("apply", "a string holds half a surrogate pair", "write whole characters")
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise UsageError("apply", "the document has no schema 1", 'begin with {"schema": 1, ...}')
    archive = document.get("archive", True)
    services = document.get("services")
    if not isinstance(services, list) or not isinstance(archive, bool):
        raise UsageError("apply", "services is no list, or archive no boolean", "mend these keys")
    wanted = [_wanted(each) for each in services]
    seen = [(each.account, each.service) for each in wanted]
    for each in seen:
        if seen.count(each) > 1:
            raise UsageError("apply", f"{each[1]} is named twice", "name each service once")
    return wanted, archive


def run(session: Session, wanted: Sequence[Wanted]) -> list[Result]:
    """Bring services of one account to their wanted states.

    Args:
        session: of this call.
        wanted: services of this account, each once.

    Returns:
        One result a service, with what was there before and after.
    """
    deeds = {each.service: (STATES[each.state], _deed(each)) for each in wanted}
    return lifecycle.drive(session, deeds)


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
    before = view.as_diff()
    steps = _steps(view, wanted, files)
    texts = {
        view.layout.executable: (wanted.script or "", 0o700),
        view.layout.settings: (settings_file.dump(wanted.settings or {}), 0o600),
    }

    def put(view: View, step: Step) -> None:
        text, mode = texts[step.detail]
        view.session.home.write(step.detail, text, mode)

    yield from carry_out(view, action, steps, more={"put": put}, checked=bool(files))
    result = report(view, action, steps)
    after = _expected(view, before, wanted, files) if session.options.check else view.as_diff()
    return result._replace(before=before, after=after)


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
        path = home.path(layout.settings)
        settings_file.parse(wanted.settings, wanted.service, path, view.session.site.stop_timeout)
        if (view.settings_text or "") != settings_file.dump(wanted.settings):
            steps.append(Step("put", layout.settings))
    return steps


def _is_type_link(view: View) -> bool:
    import os

    return os.path.islink(view.executable.path)


def _steps(view: View, wanted: Wanted, files: Sequence[Step]) -> list[Step]:
    now = view.present()
    if wanted.script is not None:
        now = now._replace(set_up=True, missing=_without_type(view, now))
    if wanted.state not in _WITH_FILES:
        return plan(STATES[wanted.state], now, archive=view.session.options.archive)
    if files or now.missing or view.ledger.digest != _digest(view, wanted):
        steps = plan(STATES[wanted.state], now)
        # The running instance is stopped by the executable that it was started with.
        first = 1 if steps[0].step == "stop" else 0
        return [*steps[:first], *files, *steps[first:]]
    return plan(Action.START, now) if wanted.state == "deployed" else []


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
    view: View, before: dict[str, object], wanted: Wanted, files: Sequence[Step]
) -> dict[str, object]:
    """What a run would leave, for check mode."""
    if wanted.state == "absent":
        return {"state": "stopped", "set_up": False, "script": None, "settings": None}
    after = dict(before)
    action = STATES[wanted.state]
    if action in STARTING:
        after["state"] = "running"
    elif action is Action.STOP or (action is Action.INIT and files):
        after["state"] = "stopped"
    if wanted.state in _WITH_FILES:
        after["set_up"] = True
        if wanted.script is not None:
            after["script"] = wanted.script
        elif not before["set_up"]:
            after["script"] = view.type_script
        if wanted.settings is not None:
            after["settings"] = settings_file.dump(wanted.settings)
    return after


def _is_text(document: object) -> bool:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _wanted(value: Any) -> Wanted:
    if not isinstance(value, dict):
        raise UsageError("apply", f"a service is {value!r}", "give an object")
    unknown = sorted(set(value) - set(Wanted._fields))
    if unknown:
        raise UsageError(
            "apply", f"unknown key {unknown[0]!r}", "use one of " + ", ".join(Wanted._fields)
        )
    name = value.get("service")
    service = check_service(name if isinstance(name, str) else repr(name))
    state = value.get("state")
    if not isinstance(state, str) or state not in STATES:
        raise UsageError(
            f"apply {service}", f"state is {state!r}", "use one of " + ", ".join(STATES)
        )
    script, settings, account = (value.get(key) for key in ("script", "settings", "account"))
    _check_type(service, "script", script, str)
    _check_type(service, "settings", settings, dict)
    _check_type(service, "account", account, str)
    if state not in _WITH_FILES and (script is not None or settings is not None):
        raise UsageError(
            f"apply {service}",
            f"script or settings with state {state!r}",
            "use them with state present or deployed",
        )
    return Wanted(service, state, account, script, settings)


def _check_type(service: str, key: str, value: Any, kind: type) -> None:
    if value is not None and not isinstance(value, kind):
        raise UsageError(f"apply {service}", f"{key} is {value!r}", f"give a {kind.__name__}")

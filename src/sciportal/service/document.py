"""The document of `apply`: services as they are wanted, in one JSON object."""

from __future__ import annotations

import json
import re

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service.errors import UsageError
from sciportal.service.names import check_service
from sciportal.service.plan import Action
from sciportal.service.types import formats

if TYPE_CHECKING:
    from typing import Any

    from sciportal.service.types.given import File

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
WITH_FILES = ("present", "deployed")
"""States in which a service has the files that are given for it."""

_FILES = ("script", "settings", "config")
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
    config: dict[str, Any] | None = None
    """Data for the files of the service's type; None to leave them."""
    force: bool = False
    """Whether those are written even where somebody changed them by hand."""

    def files(self) -> list[File]:
        """The files of the service's type, as the data have them.

        Raises:
            UsageError: the data have a mistake.
        """
        whose = f" of {self.account}" if self.account else ""
        if self.config is None:
            return []
        return formats.files(self.service, self.config, self.service + whose)


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
    kinds = {"script": str, "settings": dict, "config": dict, "account": str, "force": bool}
    given: dict[str, Any] = {key: value.get(key) for key in kinds}
    for key, kind in kinds.items():
        if given[key] is not None and not isinstance(given[key], kind):
            raise UsageError(
                f"apply {service}", f"{key} is {given[key]!r}", f"give a {kind.__name__}"
            )
    if state not in WITH_FILES and any(given[key] is not None for key in _FILES):
        raise UsageError(
            f"apply {service}",
            f"script, settings or config with state {state!r}",
            "use them with state present or deployed",
        )
    given["force"] = bool(given["force"])
    wanted = Wanted(service=service, state=state, **given)
    # For its errors, before anything of any service is touched.
    wanted.files()
    return wanted

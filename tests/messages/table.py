"""The table of all messages: the page of the documentation, and the test that makes them happen.

A file beside this one is a section of `docs/users/messages.md`. Its keys:

    [[message]]
    found      what is said, or a list of it; parts that differ are written as `...`
    cell       what the page has in place of `found`, where no words can be quoted
    exit       exit code; none where nobody typed a command
    status     of a web page
    help       what it means, and what helps
    test       FILE::TEST that makes it happen, where no case can

    [[message.case]]
    prepared   one of tests/cluster/preparations.py; "service" where it is left out
    line       what the service's executable does in the other stages than main
    settings   the text of its SERVICE.toml
    user       whose it is; "alice" where it is left out
    call       the words of the call, SERVICE for its name; "start SERVICE" where it is left out
    calls      several of them, each as a case of its own
    entries    from where it is called; everywhere where it is left out
    exit       where it is another one than the message's
    says       what the answer has to hold; the first of `found` where it is left out
    stdin      what the call reads; nothing where it is left out
    silent     slurmctld does not answer
    options    of the module, in place of what the call says
    variables  of the role account, in place of what the call says
"""

from __future__ import annotations

import json
import shlex
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from sciportal.service import document

SECTIONS = ("command", "files", "stages", "slurm", "playbooks", "log", "pages")
ENTRIES = ("command", "account", "module", "role")
SERVICE = "SERVICE"

# The module's word for an action.
STATES = {action.value: state for state, action in document.STATES.items()}


class Message(NamedTuple):
    """One line of the page."""

    found: tuple[str, ...]
    cell: str
    exit: int | None
    help: str
    test: str


class Case(NamedTuple):
    """One way in which a message comes about."""

    message: Message
    service: str
    """The name that stands for SERVICE, in every field."""
    prepared: str
    line: str
    settings: str | None
    user: str
    call: tuple[str, ...]
    entries: tuple[str, ...]
    exit: int
    says: tuple[str, ...]
    stdin: str
    silent: bool
    options: dict[str, Any] | None
    variables: dict[str, Any] | None

    @property
    def wanted(self) -> dict[str, str]:
        """The entry of the module that does the same as the call."""
        return {"name": self.call[1], "state": STATES[self.call[0]], "account": self.user}

    def __str__(self) -> str:
        return f"{self.service}: {shlex.join(self.call)}"


def messages(section: str) -> list[Message]:
    """The lines of a section."""
    return [_message(raw) for raw in _raw(section)]


def cases() -> list[Case]:
    """The cases of all sections, each with a name that no other one's is a part of."""
    found: list[Case] = []
    for section in SECTIONS:
        for raw in _raw(section):
            message = _message(raw)
            for case in raw.get("case", []):
                for call in case.get("calls", [case.get("call", f"start {SERVICE}")]):
                    found.append(_case(message, case, call, len(found)))
    return found


def _raw(section: str) -> list[dict[str, Any]]:
    path = Path(__file__).with_name(f"{section}.toml")
    found: list[dict[str, Any]] = tomllib.loads(path.read_text())["message"]
    return found


def _message(raw: dict[str, Any]) -> Message:
    found = raw.get("found", [])
    found = (found,) if isinstance(found, str) else tuple(found)
    cell = raw.get("cell") or ", ".join(f"`{each}`" for each in found)
    if "status" in raw:
        cell = f"{raw['status']}, {cell}"
    return Message(found, cell, raw.get("exit"), raw["help"], raw.get("test", ""))


def _named(options: dict[str, Any] | None, service: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = json.loads(json.dumps(options).replace(SERVICE, service))
    return found


def _case(message: Message, raw: dict[str, Any], call: str, number: int) -> Case:
    service = f"e{number:03}"
    words = [word.replace(SERVICE, service) for word in shlex.split(call)]
    says = raw.get("says", message.found[:1])
    code = raw.get("exit", message.exit)
    return Case(
        message=message,
        service=service,
        prepared=raw.get("prepared", "service"),
        line=raw.get("line", ""),
        settings=raw.get("settings"),
        user=raw.get("user", "alice"),
        call=tuple(words),
        entries=tuple(raw.get("entries", ENTRIES)),
        exit=1 if code is None else code,
        says=tuple(part.replace(SERVICE, service) for each in says for part in each.split("...")),
        stdin=raw.get("stdin", ""),
        silent=raw.get("silent", False),
        options=_named(raw.get("options"), service),
        variables=raw.get("variables"),
    )

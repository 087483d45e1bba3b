"""What a job says of itself, in the query of one GET.

    token=TOKEN&event=started
    token=TOKEN&event=finished&exit=CODE
    token=TOKEN&user=USER?job=JOB&event=EVENT

The last is the form of WebFlow's notifier, with its question marks between fields; there, who says
`finished` without a code has come to the end of its script.
"""

from __future__ import annotations

from urllib.parse import unquote_plus

from sciportal.jobs import states
from sciportal.light import NamedTuple
from sciportal.service.errors import UsageError

LONGEST = 1024
"""Bytes of a query."""
_FIELDS = frozenset({"token", "user", "job", "event", "exit"})
_LARGEST = 255


class Announcement(NamedTuple):
    """A job that started or finished."""

    token: str
    event: states.Event
    user: str
    """Who the job says that it belongs to; empty where it does not say."""
    job: str
    """Its number or name, as it says; empty where it does not say."""


def parse(query: str) -> Announcement:
    """What a query announces.

    Args:
        query: as it came, without the question mark before it.

    Raises:
        UsageError: it announces nothing.
    """
    if len(query) > LONGEST:
        raise _error(f"more than {LONGEST} bytes")
    found: dict[str, str] = {}
    for each in query.replace("?", "&").split("&"):
        name, _equals, value = each.partition("=")
        if not each:
            continue
        if name not in _FIELDS or name in found:
            raise _error("a field that is not known, or a second of one name")
        found[name] = _plain(name, value)
    if "token" not in found:
        raise _error("no token")
    event = _event(found.get("event", ""), found.get("exit"))
    return Announcement(found["token"], event, found.get("user", ""), found.get("job", ""))


def _plain(name: str, value: str) -> str:
    try:
        plain = unquote_plus(value, errors="strict")
    except UnicodeDecodeError:
        plain = "\0"
    if not (value.isascii() and plain.isprintable()):
        raise _error(f"signs in {name} that do not belong there")
    return plain


def _event(word: str, code: str | None) -> states.Event:
    if word == "started" and code is None:
        return states.STARTED
    if word == "finished":
        return states.finished(_code("0" if code is None else code))
    raise _error("an event that is neither started nor finished")


def _code(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= _LARGEST):
        raise _error(f"an exit code that is not from 0 to {_LARGEST}")
    return int(text)


def _error(found: str) -> UsageError:
    advice = "send token=TOKEN&event=started, or token=TOKEN&event=finished&exit=CODE"
    return UsageError("an announcement", found, advice)

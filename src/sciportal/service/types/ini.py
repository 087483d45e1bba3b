"""The account's files in the syntax that uwsgi calls ini, read so that a mistake has a line."""

from __future__ import annotations

from sciportal.light import NamedTuple
from sciportal.service.errors import ServiceError

SECTION = "[uwsgi]"


class Line(NamedTuple):
    """One option of a file."""

    number: int
    key: str
    value: str


def read(text: str, path: str, *, needs_section: bool = True) -> list[Line]:
    """The options of the section that uwsgi reads.

    Args:
        text: of the file.
        path: of the file, for messages.
        needs_section: what stands before the first section is in none, and a mistake.

    Raises:
        ServiceError: a line is none of this syntax.
    """
    section = "" if needs_section else SECTION
    found = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in ";#":
            continue
        if line[0] == "[":
            section = line
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not key:
            raise mistake(path, number, f"{line!r} is no line NAME = VALUE", "mend it")
        if not section:
            raise mistake(path, number, f"no section before {key!r}", f"write {SECTION} above it")
        if section == SECTION:
            found.append(Line(number, key, value))
    return found


def mistake(path: str, number: int, found: str, advice: str) -> ServiceError:
    """The error for a line of a file."""
    return ServiceError(f"{path}, line {number}", found, advice)

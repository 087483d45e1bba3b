"""The data of the type `apache`: options of its table, and directives beside them."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service.types import apache_files
from sciportal.service.types.apache_options import OPTIONS
from sciportal.service.types.given import File, check_known, wrong

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

KEYS = ("options", "directives")

_NAMES = {each.name: each for each in OPTIONS}
_MOST_PARTS = 4
_PARTS = f"a whole number from 0 to {_MOST_PARTS}"
_OPTIONS = "a dictionary of options, or a list of their names"
_TEXT = "a text of lines"


def files(config: Mapping[str, Any], place: str) -> list[File]:
    """The file options.conf.

    Args:
        config: `options`, a dictionary of names and values, or a list of what stands behind
            `Define`; `directives`, lines in Apache's syntax. Without either there is no file.
        place: where the data stand, for messages.

    Raises:
        UsageError: a key or a value is wrong.
    """
    for key in config:
        check_known(key, KEYS, place)
    if not config:
        return []
    text = apache_files.given(
        _chosen(config.get("options"), f"{place}.options"),
        _directives(config.get("directives"), f"{place}.directives"),
    )
    return [File("options.conf", text, 0o644, apache_files.is_ours)]


def _chosen(value: Any, place: str) -> dict[str, str]:
    """The options that are on, each with what stands behind its name."""
    if value is None:
        return {}
    pairs = [_pair(each, place) for each in value] if isinstance(value, list) else value
    if not isinstance(value, dict | list):
        raise wrong(place, value, _OPTIONS)
    found = {}
    for name, given in pairs if isinstance(pairs, list) else pairs.items():
        check_known(name, _NAMES, place)
        if _NAMES[name].value:
            found[name] = str(_number(given, f"{place}.{name}"))
        elif not isinstance(given, bool):
            raise wrong(f"{place}.{name}", given, "true or false")
        elif given:
            found[name] = ""
    return found


def _pair(given: Any, place: str) -> tuple[str, Any]:
    """An option of a list: its name, or its name and value as they stand behind `Define`."""
    if not isinstance(given, str):
        raise wrong(place, given, _OPTIONS)
    name, _space, value = given.strip().partition(" ")
    if not value:
        return name, True
    value = value.strip()
    return name, int(value) if value.isascii() and value.isdigit() and len(value) < 5 else value


def _number(given: Any, place: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= _MOST_PARTS:
        raise wrong(place, given, _PARTS)
    return given


def _directives(value: Any, place: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong(place, value, _TEXT)
    strange = next((each for each in value if not each.isprintable() and each not in "\n\t"), "")
    if strange:
        raise wrong(place, strange, "lines of printable characters")
    return value

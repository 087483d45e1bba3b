"""Flat files of keys and values, read without the libraries that read everything.

Settings and what the command remembers are mostly so plain that a line is a key and a
value. Such files are read here, in a tenth of the time that importing tomllib or json takes; all
others are left to those, so that a file means the same either way.
"""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Value = str | int | float | bool | list[str] | None

_NAME = frozenset("abcdefghijklmnopqrstuvwxyz_")
_DIGITS = frozenset("0123456789")
_IN_NUMBERS = _DIGITS | frozenset("-.")
_WORDS = {"true": True, "false": False}


class NotPlainError(ValueError):
    """The text is one for the library."""


def of_toml(text: str) -> dict[str, Value]:
    """The keys and values of a TOML file.

    Raises:
        NotPlainError: it has more than lines of keys with a number, a string or a list of strings.
    """
    found: dict[str, Value] = {}
    for line in text.split("\n"):
        if not line or (line[0] == "#" and line.isascii() and line.isprintable()):
            continue
        key, _equals, value = line.partition(" = ")
        _take(found, key, value)
    return found


def toml(text: str) -> dict[str, Any]:
    """What tomllib.loads makes of the text.

    Raises:
        ValueError: it is no TOML.
        RecursionError: it is nested too deeply.
    """
    try:
        return of_toml(text)
    except NotPlainError:
        import tomllib

        return tomllib.loads(text)


def of_json(text: str) -> dict[str, Value]:
    """The keys and values of a JSON object that `to_json` wrote.

    Raises:
        NotPlainError: it is written otherwise.
    """
    if not (text.startswith("{\n") and text.endswith("\n}\n")):
        raise NotPlainError
    found: dict[str, Value] = {}
    for line in text[2:-3].split(",\n"):
        quoted, _colon, value = line.partition(": ")
        if quoted[:2] != ' "' or quoted[-1:] != '"':
            raise NotPlainError
        key = quoted[2:-1]
        if value == "null":
            if key in found or not _NAME.issuperset(key):
                raise NotPlainError
            found[key] = None
        else:
            _take(found, key, value)
    return found


def loads(text: str) -> Any:
    """What json.loads makes of the text.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return of_json(text)
    except NotPlainError:
        import json

        return json.loads(text)


def to_json(values: Mapping[str, Value]) -> str:
    """A JSON object of flat values, a key a line, in the order of the keys."""
    lines = [f' "{key}": {_json(value)}' for key, value in sorted(values.items())]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _take(found: dict[str, Value], key: str, value: str) -> None:
    if not key or key in found or not _NAME.issuperset(key):
        raise NotPlainError
    if value[:1] == "[" and value[-1:] == "]":
        inner = value[1:-1]
        # A comma in a string makes pieces that are no strings.
        found[key] = [_string(each) for each in inner.split(", ")] if inner else []
    elif value[:1] == '"':
        found[key] = _string(value)
    else:
        found[key] = _WORDS[value] if value in _WORDS else _number(value)


def _string(value: str) -> str:
    text = value[1:-1]
    plain = len(value) > 1 and value[0] == value[-1] == '"' and _is_plain(text)
    if not plain:
        raise NotPlainError
    return text


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and '"' not in text and "\\" not in text


def _number(value: str) -> int | float:
    whole, point, part = value.partition(".")
    digits = whole.removeprefix("-")
    sound = digits and len(value) < 19 and _DIGITS.issuperset(digits + part)
    if not sound or (digits[0] == "0" and digits != "0") or (point and not part):
        raise NotPlainError
    return float(value) if point else int(value)


def _json(value: Value) -> str:
    if isinstance(value, str) and _is_plain(value):
        return f'"{value}"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float) and _IN_NUMBERS.issuperset(text := repr(value)):
        return text
    import json

    return json.dumps(value)

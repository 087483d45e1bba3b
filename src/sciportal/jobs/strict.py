"""Reads tables that came from outside: keys are known, values of their type and within bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from sciportal.service.errors import UsageError

T = TypeVar("T")
MOST_TEXT = 1 << 20
LARGEST = 2**53
"""Beyond it JSON of other languages no longer tells numbers apart."""


class Table:
    """A table, whose values are asked for one by one; `done` refuses what nobody asked for.

    Args:
        data: what came.
        wanted: what it is read for, the first part of each error.
        advice: what to do about an error.
        place: where in the whole it stands.

    Raises:
        UsageError: it is no table.
    """

    def __init__(self, data: object, wanted: str, advice: str, place: str = "") -> None:
        self._wanted = wanted
        self._advice = advice
        self._place = place
        if not isinstance(data, Mapping):
            raise self.error(f"{place or 'it'} is {_kind(data)}, not a table")
        self._data: Mapping[str, Any] = data
        self._asked: set[str] = set()

    def error(self, found: str) -> UsageError:
        """The error that says `found`."""
        return UsageError(self._wanted, found, self._advice)

    def has(self, key: str) -> bool:
        """Whether there is such a key."""
        return key in self._data

    def text(
        self,
        key: str,
        default: str | None = None,
        *,
        fits: Callable[[str], bool] = lambda _text: True,
        most: int = 4096,
    ) -> str:
        """A text of at most `most` characters that `fits`, without NUL."""
        value = self._typed(key, str, default)
        whole = len(value) <= most and "\0" not in value and not _broken(value)
        if not whole or not fits(value):
            raise self.error(f"{self._named(key)} is {_short(value)}, which it may not be")
        return value

    def number(
        self, key: str, default: int | None = None, *, least: int = 0, most: int = LARGEST
    ) -> int:
        """A whole number from `least` to `most`."""
        value = self._typed(key, int, default)
        if not least <= value <= most:
            raise self.error(f"{self._named(key)} is {_short(value)}, not from {least} to {most}")
        return value

    def seconds(self, key: str, default: float, *, least: float, most: float) -> float:
        """A time in seconds, which may be a fraction."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise self.error(f"{self._named(key)} is {_kind(value)}, not a number")
        if not least <= value <= most:
            raise self.error(f"{self._named(key)} is {value}, not from {least} to {most} seconds")
        return float(value)

    def truth(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        return self._typed(key, bool, default)

    def texts(
        self,
        key: str,
        default: Collection[str] | None = None,
        *,
        fits: Callable[[str], bool] = lambda _text: True,
        most: int = 1000,
    ) -> tuple[str, ...]:
        """A list of at most `most` texts that each fit."""
        given = default if default is None else list(default)
        values = self._typed(key, list, given)
        place = self._named(key)
        for each in values:
            if not isinstance(each, str) or len(each) > 4096 or "\0" in each or not fits(each):
                raise self.error(f"{place} has {_short(each)}, which it may not have")
        if len(values) > most:
            raise self.error(f"{place} has {len(values)} entries, more than {most}")
        return tuple(values)

    def numbers(
        self, key: str, default: Collection[int] | None = None, *, most: int = 1000
    ) -> tuple[int, ...]:
        """A list of at most `most` whole numbers, none below 0."""
        values = self._typed(key, list, default if default is None else list(default))
        place = self._named(key)
        for each in values:
            if not isinstance(each, int) or isinstance(each, bool) or not 0 <= each <= LARGEST:
                raise self.error(f"{place} has {_short(each)}, which it may not have")
        if len(values) > most:
            raise self.error(f"{place} has {len(values)} entries, more than {most}")
        return tuple(values)

    def mapping(self, key: str, *, most: int = 100) -> dict[str, float]:
        """A table of at most `most` names and numbers; an empty one where there is none."""
        values = self._typed(key, dict, {})
        place = self._named(key)
        for name, value in values.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not isinstance(name, str) or len(name) > 64 or not number or not abs(value) < 1e300:
                raise self.error(f"{place} has {_short(name)}, which is no name with a number")
        if len(values) > most:
            raise self.error(f"{place} has {len(values)} entries, more than {most}")
        return dict(values)

    def given(self, key: str) -> Any:
        """A value as it came, which somebody else checks."""
        return self._value(key, None)

    def table(self, key: str, *, optional: bool = False) -> Table:
        """A table in this one; where it is optional and not there, an empty one."""
        value = self._value(key, {} if optional else None)
        return Table(value, self._wanted, self._advice, self._named(key))

    def values(self, key: str, *, most: int) -> list[Any]:
        """A list of at most `most` values, which somebody else checks."""
        values: list[Any] = self._typed(key, list, None)
        if len(values) > most:
            raise self.error(f"{self._named(key)} has {len(values)} entries, more than {most}")
        return values

    def tables(self, key: str, *, most: int) -> list[Table]:
        """A list of at most `most` tables."""
        values = self.values(key, most=most)
        place = self._named(key)
        return [
            Table(each, self._wanted, self._advice, f"{place}[{number}]")
            for number, each in enumerate(values)
        ]

    def nothing(self, key: str) -> bool:
        """Whether the value is null, which then counts as asked for."""
        if key in self._data and self._data[key] is None:
            self._asked.add(key)
            return True
        return False

    def done(self) -> None:
        """Refuse keys that nobody asked for.

        Raises:
            UsageError: there is one.
        """
        unknown = sorted(str(key) for key in self._data if key not in self._asked)
        if unknown:
            raise self.error(f"{self._named(_short(unknown[0]))} is not known")

    def _named(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key

    def _value(self, key: str, default: object) -> Any:
        self._asked.add(key)
        value = self._data.get(key, default)
        if key not in self._data and default is None:
            raise self.error(f"{self._named(key)} is missing")
        return value

    def _typed(self, key: str, kind: type[T], default: T | None) -> T:
        value = self._value(key, default)
        # To Python, true is a number; to those who write it, it is none.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(f"{self._named(key)} is {_kind(value)}, not {_KINDS[kind]}")
        return value


_KINDS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    float: "a number",
    dict: "a table",
    type(None): "nothing",
}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)


def _short(value: object) -> str:
    said = ascii(value) if not isinstance(value, int) or abs(value) < 10**30 else "a huge number"
    return said if len(said) <= 60 else said[:57] + "..."


def _broken(text: str) -> bool:
    """Whether it has half of a surrogate pair, which no encoding takes."""
    return any("\ud800" <= sign <= "\udfff" for sign in text)

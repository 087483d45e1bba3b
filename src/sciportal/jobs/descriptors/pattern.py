"""Regular expressions that users' texts are looked through by, in time that does not run away.

Python's `re` tries one way after the other, and `(a+)+b` has more of them for a text of 40
characters than a processor finishes in a year. Here all ways are gone together, character by
character (K. Thompson, Communications of the ACM 11 (1968), 419), so the time is that of the
pattern's steps times the text's characters. What Python writes is understood, but for what cannot
be told this way: references to groups, what looks ahead or behind, and flags.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

MOST_WORK = 2_000_000
"""Steps of a pattern times characters of a text: about a second."""
_MOST_STEPS = 100_000

_CHARACTER = re.compile(
    r"\[\^?\]?(?:\\.|[^\]\\])*\]"
    r"|\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[^0-9A-Za-z]|[dDsSwWafnrtv])"
    r"|[^\\()|*+?]",
    re.DOTALL,
)
_PLACE = re.compile(r"\^|\$|\\[AZb]")
_GROUP = re.compile(r"\((?:\?:|\?P<\w+>)?(?!\?)")
_REPEAT = re.compile(r"(?:[*+?]|\{(?:\d+(?:,\d*)?|,\d*)\})")
_LAZY = "?"

_Test = Callable[[str], object]
_Step = tuple[str, Any]
"""`character`: a test of one; `place`: one of a place; `ways`: distances to other steps."""


class Pattern:
    """A regular expression.

    Args:
        source: as Python's `re` has it.

    Raises:
        ValueError: it is none, or none that can be told in such a time; says why.
    """

    def __init__(self, source: str) -> None:
        try:
            re.compile(source)
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(str(error)) from error
        self._source = source
        self._at = 0
        self._steps = [*self._either(), ("end", None)]
        if self._at < len(source):
            raise self._unknown()

    @property
    def steps(self) -> int:
        """How many there are; one character of a text takes as many at most."""
        return len(self._steps)

    def found_in(self, text: str) -> bool:
        """Whether the text has it somewhere."""
        at: list[int] = []
        for place in range(len(text) + 1):
            # It may begin anywhere.
            here = self._reached([0, *at], text, place)
            if here is None:
                return True
            if place < len(text):
                sign = text[place]
                at = [step + 1 for step, fits in here if fits(sign)]
        return False

    def _reached(self, begun: list[int], text: str, place: int) -> list[tuple[int, _Test]] | None:
        """The tests of characters that stand next; None where the end is reached."""
        found = []
        seen = set(begun)
        waiting = list(seen)
        while waiting:
            step = waiting.pop()
            kind, what = self._steps[step]
            if kind == "end":
                return None
            if kind == "character":
                found.append((step, what))
                continue
            for way in _ways(kind, what, text, place):
                if step + way not in seen:
                    seen.add(step + way)
                    waiting.append(step + way)
        return found

    def _either(self) -> list[_Step]:
        steps = self._sequence()
        while self._took("|"):
            other = self._sequence()
            steps = [
                ("ways", (1, len(steps) + 2)),
                *steps,
                ("ways", (len(other) + 1,)),
                *other,
            ]
        return steps

    def _sequence(self) -> list[_Step]:
        steps: list[_Step] = []
        while self._at < len(self._source) and self._source[self._at] not in "|)":
            steps += self._repeated(self._one())
            if len(steps) > _MOST_STEPS:
                raise ValueError(f"it has more than {_MOST_STEPS} steps")
        return steps

    def _one(self) -> list[_Step]:
        if place := self._matched(_PLACE):
            return [("place", place)]
        if self._matched(_GROUP):
            steps = self._either()
            if not self._took(")"):
                raise self._unknown()
            return steps
        sign = self._matched(_CHARACTER)
        if not sign:
            raise self._unknown()
        return [("character", re.compile(sign).fullmatch if len(sign) > 1 else _test(sign))]

    def _repeated(self, steps: list[_Step]) -> list[_Step]:
        repeat = self._matched(_REPEAT)
        if not repeat:
            return steps
        least, most = _bounds(repeat)
        self._took(_LAZY)
        if len(steps) * max(least, most or 0) > _MOST_STEPS:
            raise ValueError(f"it has more than {_MOST_STEPS} steps")
        made = steps * least
        if most is None:
            return [*made, ("ways", (1, len(steps) + 2)), *steps, ("ways", (-len(steps) - 1,))]
        size = len(steps) + 1
        for left in range(most - least, 0, -1):
            made += [("ways", (1, left * size)), *steps]
        return made

    def _took(self, sign: str) -> bool:
        found = self._source.startswith(sign, self._at)
        self._at += len(sign) * found
        return found

    def _matched(self, form: re.Pattern[str]) -> str:
        found = form.match(self._source, self._at)
        if not found:
            return ""
        self._at = found.end()
        return found[0]

    def _unknown(self) -> ValueError:
        rest = self._source[self._at : self._at + 10]
        return ValueError(f"{rest!r} cannot be looked for in a bounded time")


def _test(sign: str) -> _Test:
    if sign == ".":
        return lambda other: other != "\n"
    return lambda other: other == sign


def _bounds(repeat: str) -> tuple[int, int | None]:
    if repeat in "*+?":
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[repeat]
    least, comma, most = repeat[1:-1].partition(",")
    fewest = int(least or 0)
    if not comma:
        return fewest, fewest
    return fewest, int(most) if most else None


def _ways(kind: str, what: Any, text: str, place: int) -> Iterator[int]:
    """Distances to the steps at which one is, too."""
    if kind == "ways":
        yield from what
    elif _PLACES[what](text, place):
        yield 1


def _is_edge(text: str, place: int) -> bool:
    """Whether a word begins or ends there."""
    before, after = text[max(place - 1, 0) : place], text[place : place + 1]
    return bool(_WORD.match(before)) != bool(_WORD.match(after))


_WORD = re.compile(r"\w")
_PLACES: dict[str, Callable[[str, int], bool]] = {
    "^": lambda _text, place: place == 0,
    r"\A": lambda _text, place: place == 0,
    r"\Z": lambda text, place: place == len(text),
    "$": lambda text, place: place == len(text) or (place, text[-1]) == (len(text) - 1, "\n"),
    r"\b": _is_edge,
}

"""Data that somebody gave for the files of a type: what is wrong with them, and what was meant."""

from __future__ import annotations

import difflib

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

_SHOWN = 60


class File(NamedTuple):
    """A file of a type, rendered from data."""

    name: str
    """In the type's own directory."""
    text: str
    mode: int
    is_types: Callable[[str], bool]
    """Whether a text is one that the type wrote by itself, as far as the text alone shows that."""


def near(word: str, known: Collection[str]) -> str:
    """The known word that is meant by a misspelt one, or nothing."""
    names = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(word.casefold(), names, 1)
    return names[found[0]] if found else ""


def check_known(word: str, known: Collection[str], place: str) -> None:
    """Make sure that a word is one of those that are known.

    Args:
        word: what was given.
        known: the words that may be given.
        place: where it stands, for the message.

    Raises:
        UsageError: it is not; with the nearest one, or with all of them.
    """
    if word not in known:
        meant = near(word, known)
        advice = f"did you mean {meant!r}?" if meant else "use one of " + ", ".join(known)
        raise UsageError(place, f"there is no {shown(word)}", advice)


def wrong(place: str, value: Any, wanted: str) -> UsageError:
    """The error for a value that is not of the kind that is wanted."""
    return UsageError(place, f"{shown(value)} is not possible", f"give {wanted}")


def shown(value: Any) -> str:
    """A value for a message, shortened."""
    text = ascii(value) if isinstance(value, str) else _as_json(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _as_json(value: Any) -> str:
    import json

    try:
        return json.dumps(value)
    except ValueError:
        # An integer of thousands of digits, which Python refuses to print.
        return "this value"

"""What a terminal can show, and what may be written to one."""

from __future__ import annotations

import os

from sciportal.light import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

COLUMNS = 80
"""Where nobody says otherwise."""

_LEAST = 40
_COLOURS = {"red": 31, "green": 32, "yellow": 33, "magenta": 35}


def is_terminal(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Whether lines can be rewritten and coloured there."""
    return bool(stream and stream.isatty() and environ.get("TERM", "dumb") != "dumb")


def has_colour(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Whether colour is wanted there (https://no-color.org)."""
    return not environ.get("NO_COLOR") and is_terminal(stream, environ)


def width(stream: TextIO | None) -> int:
    """Columns of the terminal; those of an ordinary one where there is none."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns if stream else 0
    except (OSError, ValueError):
        columns = 0
    return max(columns, _LEAST) if columns else COLUMNS


def coloured(text: str, colour: str) -> str:
    """The text in a colour; as it is where the colour has no name."""
    return f"\033[{_COLOURS[colour]}m{text}\033[0m" if colour else text


def clean(text: str) -> str:
    """The text without what would drive a terminal: others may have written it, in a log say."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in "\n\t" else "?" for each in text)

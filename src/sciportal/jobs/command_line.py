"""The words of a command that runs another program."""

from __future__ import annotations

import sys


def halves(argv: list[str] | None) -> tuple[list[str], list[str]]:
    """The words of the command itself, and those after `--`, which are the program's.

    Args:
        argv: the command's arguments without its name; None for the process's.
    """
    words = sys.argv[1:] if argv is None else argv
    mark = words.index("--") if "--" in words else len(words)
    return words[:mark], words[mark + 1 :]

"""What a program wrote for a terminal, as text that a page can show.

A log is hostile: escape sequences set titles and hide text, and characters that turn the direction
of writing make a line read as another one. Nothing of either reaches the page.
"""

from __future__ import annotations

import re

# ECMA-48: control sequences (8.3.16), control strings up to their terminator (5.6; BEL as xterm
# has it), and every other escape sequence. One that is cut off by the end of the text goes too.
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*(?:[@-~]|$)"
    r"|(?:\x1b[P\]X^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)?"
    r"|\x1b[ -/]*[0-~]?"
)
# Unicode 16, 23.2 and UAX 9: they change how what stands around them is read.
_INVISIBLE = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
# What a line was before that many rewritings is no longer to be seen; work stays bounded.
_REWRITINGS = 100
_BACKSPACES = 1000


def plain(text: str) -> str:
    """The text as it would stand on a terminal in the end, without colours and controls.

    A carriage return writes a line anew, as progress bars do; a character that turns the direction
    of writing is shown by its number.
    """
    text = _SEQUENCES.sub("", text.replace("\r\n", "\n"))
    lines = (
        _overwritten(each) if "\r" in each or "\b" in each else each for each in text.split("\n")
    )
    text = _INVISIBLE.sub(lambda found: f"<U+{ord(found[0]):04X}>", "\n".join(lines))
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def _overwritten(line: str) -> str:
    shown = ""
    for part in line.split("\r")[-_REWRITINGS:]:
        written = _rubbed_out(part)
        shown = written + shown[len(written) :]
    return shown


def _rubbed_out(part: str) -> str:
    """The text after backspaces, each of which takes one character away, as spinners use them."""
    kept: list[str] = []
    for character in part if part.count("\b") <= _BACKSPACES else part.replace("\b", ""):
        if character != "\b":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept)

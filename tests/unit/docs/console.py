"""The blocks of the documentation that are run: how they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(
    r"^(?:<!-- as: (?P<who>[a-z]+)(?:, exit: (?P<exit>[0-9]+))? -->\n)?"
    r"```console\n(?P<body>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass
class Command:
    """What a person types, and what is shown to come."""

    text: str
    shown: list[str] = field(default_factory=list)

    def missing(self, printed: str) -> list[str]:
        """The shown lines that do not occur in `printed`; `...` in them stands for anything."""
        lines = [_squeezed(line) for line in printed.splitlines()]
        patterns = {
            line: re.compile(".*".join(re.escape(_squeezed(part)) for part in line.split("...")))
            for line in self.shown
        }
        return [
            line
            for line, pattern in patterns.items()
            if not any(pattern.search(each) for each in lines)
        ]


@dataclass
class Block:
    """Some commands of one person."""

    path: Path
    line: int
    who: str
    code: int
    """With which exit code the last command ends; all others end with 0."""
    commands: list[Command]


def blocks(path: Path) -> list[Block]:
    """The blocks of a page that are to be run.

    Raises:
        ValueError: a block is not of the form that docs/developers/testing.md describes.
    """
    text = path.read_text()
    found = []
    for each in _BLOCK.finditer(text):
        line = text.count("\n", 0, each.start("body")) + 1
        if each["who"] is None:
            raise ValueError(f"{path}:{line}: no comment says who types this")
        commands = _commands(each["body"], f"{path}:{line}")
        found.append(Block(path, line, each["who"], int(each["exit"] or 0), commands))
    if len(found) != text.count("```console\n"):
        raise ValueError(f"{path}: a console block is inside a list, or not closed")
    return found


def _commands(body: str, where: str) -> list[Command]:
    commands: list[Command] = []
    continued = False
    for line in body.splitlines():
        if line.startswith("$ "):
            commands.append(Command(line[2:]))
            continued = True
        elif not commands:
            raise ValueError(f"{where}: the first line is no command")
        elif continued and (line.startswith("> ") or line == ">"):
            commands[-1].text += "\n" + line[2:]
        else:
            commands[-1].shown.append(line)
            continued = False
    return commands


def _squeezed(text: str) -> str:
    return " ".join(text.split())

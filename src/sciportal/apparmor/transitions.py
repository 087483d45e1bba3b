"""Which profiles the rules of a profile lead to, and whether they are there.

apparmor_parser takes `cx -> model` without a profile `model`; the kernel then refuses to run the
program, or with a fallback runs it under another profile than the one that was meant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# apparmor.d(5): a block begins at the end of a line, for a brace within one belongs to a pattern.
_BLOCK = re.compile(
    r"(?:profile\s+(?P<named>\"[^\"]+\"|\S+)(?:\s.*)?|\^(?P<hat>\S+)(?:\s.*)?|hat\s+(?P<hat2>\S+)(?:\s.*)?"
    r"|(?P<path>\"/[^\"]+\"|[/@]\S+)(?:\s+(?:xattrs|flags)=.*)?)\s*\{"
)
_EXECUTE = re.compile(
    r"(?:(?:audit|deny|allow|owner|other|file)\s+)*(?P<path>\"[^\"]+\"|\S+)\s+"
    r"(?P<mode>[rwakmlxcCpPuUi]*[cCpP][uUi]?x[rwakml]*)(?:\s*->\s*(?P<target>\S+?))?\s*,"
)
_CHANGE = re.compile(r"change_profile\b.*?->\s*(?P<target>[^\s,]+)\s*,")
_PATTERN = re.compile(r"[*?\[{]")


class Transition(NamedTuple):
    """A rule that leads to another profile."""

    line: int
    profile: str
    """The one that it stands in."""
    rule: str
    target: str
    """Full name of the one that it leads to."""


def problems(text: str, names: Collection[str], others: Collection[str]) -> list[str]:
    """The transitions that lead nowhere, each as a sentence.

    Args:
        text: of a file of profiles.
        names: the profiles in it, as `apparmor_parser --names` prints them.
        others: profiles that are loaded, or in other files.
    """
    # What was loaded under these names is what the file is to replace.
    own = {each.split("//")[0] for each in names}
    known = {*names, *(each for each in others if each.split("//")[0] not in own)}
    return [
        f"line {each.line}, in {each.profile}: {each.rule!r} leads to {each.target},"
        " which is not there"
        for each in transitions(text)
        if not _PATTERN.search(each.target) and each.target not in known
    ]


def transitions(text: str) -> Iterator[Transition]:
    """The transitions of a file, to profiles that it names."""
    within: list[str] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        if block := _BLOCK.fullmatch(line):
            within.append(_name(block))
        elif line == "}":
            within = within[:-1]
        elif within and (target := _target(line, "//".join(within))):
            yield Transition(number, "//".join(within), line, target)


def _name(block: re.Match[str]) -> str:
    found = block["named"] or block["path"] or ""
    return found.strip('"') or (block["hat"] or block["hat2"]).strip('"')


def _target(line: str, profile: str) -> str:
    if change := _CHANGE.match(line):
        # A stack is made of profiles that are there already.
        return change["target"].strip('"').lstrip("&")
    rule = _EXECUTE.match(line)
    if not rule or line.startswith("deny "):
        return ""
    target = (rule["target"] or "").strip('"').lstrip("&")
    if "c" in rule["mode"].lower():
        # Without a target it is the child that has the program's path as its name.
        return f"{profile}//{target or rule['path'].strip(chr(34))}"
    # Without one, whichever profile is attached to the program: that is not for a file to say.
    return target

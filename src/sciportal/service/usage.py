"""The text of --help, of the command and of each of its actions."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Sequence

from sciportal.service.manual import EXAMPLES, EXITS, GENERAL, REFUSED, VERBS

COMMAND = "sbatch-service"

_WIDTH = 80
_GAP = 2


def text(words: Sequence[str], options: Iterable[argparse.Action]) -> str:
    """The help that a call asks for.

    Args:
        words: of the call; the first of them that is an action is what help is wanted for.
        options: of the command.
    """
    verb = next((word for word in words if word in VERBS), "")
    shown = [each for each in options if each.option_strings and each.help != argparse.SUPPRESS]
    return _of_verb(verb, shown) if verb else _of_command(shown)


def _of_command(options: Iterable[argparse.Action]) -> str:
    return "\n".join(
        [
            f"usage: {COMMAND} ACTION [SERVICE ...] [OPTION ...]",
            "",
            "Run persistent services of your account as Slurm jobs. Without SERVICE all your",
            "services are meant.",
            *_block("actions", [(name, verb.summary) for name, verb in VERBS.items()]),
            *_block("options", [(spelling(each), str(each.help)) for each in options]),
            *_block("examples", _calls(EXAMPLES)),
            *_block("exit codes", [(str(code), plain(text)) for code, text in EXITS.items()]),
            "",
            f"{COMMAND} ACTION --help tells more of an action, man {COMMAND} of all.",
        ]
    )


def _of_verb(name: str, options: Iterable[argparse.Action]) -> str:
    verb = VERBS[name]
    mine = [each for each in options if {*verb.options, *GENERAL}.intersection(each.option_strings)]
    named = verb.nameless == REFUSED
    services = "SERVICE ..." if named else "[SERVICE ...]"
    without = "SERVICE has to be named" if named else f"Without SERVICE: {verb.nameless}"
    return "\n".join(
        [
            f"usage: {COMMAND} {name} {services} [OPTION ...]",
            "",
            *textwrap.wrap(f"{name}: {plain(verb.text)}. {without}.", _WIDTH),
            *_block("options", [(spelling(each), str(each.help)) for each in mine]),
            *_block("examples", _calls(verb.examples)),
        ]
    )


def spelling(option: argparse.Action) -> str:
    """How an option is typed: `-n N, --lines=N`."""
    value = str(option.metavar or "")
    forms = []
    for form in option.option_strings:
        between = "=" if form.startswith("--") else " "
        forms.append(form + (between + value if value else ""))
    if option.option_strings == ["--wait"]:
        # The number may be left out, but only behind an equals sign is it one.
        return f"--wait[={value}]"
    return ", ".join(forms)


def plain(marked: str) -> str:
    """Text of the manual for a terminal."""
    return marked.replace("`", "")


def _calls(examples: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(f"{COMMAND} {call}", plain(meaning)) for call, meaning in examples]


def _block(heading: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    """A heading and two columns below it."""
    width = max(len(left) for left, _right in rows) + 2 * _GAP
    lines = ["", f"{heading}:"]
    for left, right in rows:
        first = " " * _GAP + left
        lines += textwrap.wrap(
            right, _WIDTH, initial_indent=first.ljust(width), subsequent_indent=" " * width
        )
    return lines

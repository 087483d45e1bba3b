"""The text of --help, of the command and of each of its actions."""

from __future__ import annotations

import textwrap

from sciportal.light import TYPE_CHECKING
from sciportal.service.manual import EXAMPLES, EXITS, GENERAL, REFUSED, VERBS
from sciportal.service.options import SHOWN, WAIT, Option

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COMMAND = "sbatch-service"

_WIDTH = 80
_GAP = 2


def text(words: Sequence[str]) -> str:
    """The help that a call asks for.

    Args:
        words: of the call; the first of them that is an action is what help is wanted for.
    """
    verb = next((word for word in words if word in VERBS), "")
    return _of_verb(verb) if verb else _of_command()


def _of_command() -> str:
    return "\n".join(
        [
            f"usage: {COMMAND} ACTION [SERVICE ...] [OPTION ...]",
            "",
            "Run persistent services of your account as Slurm jobs. Without SERVICE all your",
            "services are meant.",
            *_block("actions", [(name, verb.summary) for name, verb in VERBS.items()]),
            *_block("options", [(spelling(each), each.help) for each in SHOWN]),
            *_block("examples", _calls(EXAMPLES)),
            *_block("exit codes", [(str(code), plain(text)) for code, text in EXITS.items()]),
            "",
            f"{COMMAND} ACTION --help tells more of an action, man {COMMAND} of all.",
        ]
    )


def _of_verb(name: str) -> str:
    verb = VERBS[name]
    mine = [each for each in SHOWN if each.forms[-1] in (*verb.options, *GENERAL)]
    named = verb.nameless == REFUSED
    services = "SERVICE ..." if named else "[SERVICE ...]"
    without = "SERVICE has to be named" if named else f"Without SERVICE: {verb.nameless}"
    return "\n".join(
        [
            f"usage: {COMMAND} {name} {services} [OPTION ...]",
            "",
            *textwrap.wrap(f"{name}: {plain(verb.text)}. {without}.", _WIDTH),
            *_block("options", [(spelling(each), each.help) for each in mine]),
            *_block("examples", _calls(verb.examples)),
        ]
    )


def spelling(option: Option) -> str:
    """How an option is typed: `-n N, --lines=N`."""
    if option is WAIT:
        # The number may be left out, but only behind an equals sign is it one.
        return f"--wait[={option.value}]"
    forms = []
    for form in option.forms:
        between = "=" if form.startswith("--") else " "
        forms.append(form + (between + option.value if option.value else ""))
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

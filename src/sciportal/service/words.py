"""The words of the command line.

They are read as getopt_long(3) does, but for abbreviations, which are mistakes more often than
not, and for the number of --wait. argparse does no more, and importing it takes as long as a
squeue.
"""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service.errors import UsageError
from sciportal.service.names import check_service
from sciportal.service.options import BY_FORM, FLAG, HELP, SECONDS, TEXT, WAIT, Option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ACTIONS = ("init", "deploy", "start", "stop", "restart", "reload", "status", "purge")
LOGS, LIST = "logs", "list"
APPLY, ROTATE, PORT = "apply", "rotate", "port"
VERBS = (*ACTIONS, LOGS, LIST)

_LONGEST = 86400
_MOST_LINES = 1_000_000


class Call:
    """What the words of a call say; an attribute an option."""

    def __init__(self) -> None:
        self.action = ""
        self.services: list[str] = []
        self.json = False
        self.check = False
        self.wait: float | None = None
        self.yes = False
        self.no_archive = False
        self.lock_timeout: float | None = None
        self.account: str | None = None
        self.all_accounts = False
        self.verbose = False
        self.follow = False
        self.lines: int | None = None
        self.check_site: str | None = None


def parse(argv: Sequence[str]) -> Call:
    """The parsed words of a call.

    Raises:
        UsageError: they are wrong.
        SystemExit: they asked for help, which was shown.
    """
    call = Call()
    names = list(_names(argv, call))
    if call.check_site:
        return call
    if not names:
        raise UsageError("a call", "there is no action", "use one of " + ", ".join(VERBS))
    call.action = names.pop(0)
    if call.action not in (*VERBS, APPLY, ROTATE, PORT):
        raise UsageError(
            "a call", f"unknown action {call.action!r}", "use one of " + ", ".join(VERBS)
        )
    call.services = list(dict.fromkeys(check_service(each) for each in names))
    _check_services(call)
    _check_options(call)
    return call


def _names(argv: Sequence[str], call: Call) -> Iterator[str]:
    """The words that are no options; those that are, are noted."""
    words = iter(argv)
    for word in words:
        if word == "--":
            yield from words
        elif not word.startswith("-") or word == "-":
            yield word
        else:
            for option, value in _options(word, words):
                if option is HELP:
                    _help(argv)
                _note(call, option, value)


def _options(word: str, words: Iterator[str]) -> Iterator[tuple[Option, str | None]]:
    """The options in one word, each with its value."""
    if word.startswith("--"):
        form, equals, value = word.partition("=")
        option = _option(form, word)
        if option.kind == FLAG and equals:
            raise _mistake(f"{form} takes no value, but {word!r} gives one")
        # `--wait web` names a service, not a number of seconds.
        if equals or option.kind == FLAG or option is WAIT:
            yield option, value if equals else None
        else:
            yield option, _next(form, words)
        return
    for place, letter in enumerate(word[1:], 2):
        option = _option(f"-{letter}", word)
        if option.kind != FLAG:
            yield option, word[place:] or _next(f"-{letter}", words)
            return
        yield option, None


def _option(form: str, word: str) -> Option:
    try:
        return BY_FORM[form]
    except KeyError:
        raise _mistake(f"unknown option {word!r}") from None


def _next(form: str, words: Iterator[str]) -> str:
    for word in words:
        return word
    raise _mistake(f"{form} lacks its value")


def _note(call: Call, option: Option, value: str | None) -> None:
    form = option.forms[-1]
    if option.kind == FLAG:
        setattr(call, option.key, True)
    elif option.kind == TEXT:
        setattr(call, option.key, value)
    elif option.kind == SECONDS:
        setattr(call, option.key, 0.0 if value is None else _seconds(form, value))
    else:
        setattr(call, option.key, _number(form, str(value)))


def _seconds(form: str, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= _LONGEST:
        raise UsageError(form, f"{value!r} is no time", f"use 0 to {_LONGEST} seconds")
    return seconds


def _number(form: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > 7 or int(value) > _MOST_LINES:
        raise UsageError(form, f"{value!r} is no number of lines", f"use 0 to {_MOST_LINES}")
    return int(value)


def _help(argv: Sequence[str]) -> None:
    """Show what the call is about: its action may stand behind the option."""
    from sciportal.service import usage

    print(usage.text(argv))
    raise SystemExit(0)


def _mistake(found: str) -> UsageError:
    return UsageError("a call", found, "see: sbatch-service --help")


def _check_services(call: Call) -> None:
    if call.action == "init" and not call.services:
        raise UsageError("init", "no service is named", "name it: sbatch-service init SERVICE")
    if call.action in (APPLY, PORT) and call.services:
        raise UsageError(call.action, "services are named", "they come on standard input")


def _check_options(call: Call) -> None:
    if call.all_accounts and call.account is not None:
        raise UsageError("a call", "--account and --all-accounts are both there", "give one")
    if call.all_accounts and call.action in (LOGS, APPLY, PORT):
        raise UsageError(call.action, "--all-accounts is not for it", "give --account NAME")
    if call.action == LOGS and call.json:
        raise UsageError(LOGS, "a log is no JSON", "leave --json away")
    if call.action != LOGS and (call.follow or call.lines is not None):
        raise UsageError(call.action, "-f and -n are for logs", "leave them away")

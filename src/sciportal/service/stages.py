"""Stages: what the executable of a service is called for, and what it may answer (seed 000)."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service import processes
from sciportal.service.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOGIN_SHELL = ("/bin/bash", "-l", "-c", 'exec "$0" "$@"')

# They are ours, last on the command line. A stage that gives one is told, not obeyed.
MANDATORY = {
    "sbatch": (
        *("-J", "--job-name", "-o", "--output", "-e", "--error", "-D", "--chdir"),
        *("--open-mode", "--export", "--export-file", "--comment", "--parsable"),
    ),
    "scancel": (
        *("-u", "--user", "-n", "--name", "--jobname", "-b", "--batch"),
        *("-s", "--signal", "-t", "--state"),
    ),
}
# With these sbatch would not submit one batch job and return.
_FORBIDDEN = (
    *("-a", "--array", "-W", "--wait", "--wrap", "--test-only", "--uid"),
    *("-h", "--help", "--usage", "-V", "--version"),
)
# Options that take no word behind them (sbatch(1), scancel(1)); all others do.
_FLAGS = {
    "sbatch": (
        *("-H", "-O", "-Q", "-W", "-h", "-k", "-s", "-v", "-V"),
        *("--contiguous", "--exclusive", "--get-user-env", "--help", "--hold", "--ignore-pbs"),
        *("--nice", "--no-kill", "--no-requeue", "--overcommit", "--oversubscribe", "--parsable"),
        *("--propagate", "--quiet", "--reboot", "--requeue", "--spread-job", "--test-only"),
        *("--usage", "--use-min-nodes", "--verbose", "--version", "--wait"),
    ),
    "scancel": (
        *("-H", "-Q", "-b", "-c", "-f", "-h", "-i", "-v", "-V"),
        *("--batch", "--cron", "--ctld", "--full", "--help", "--hurry", "--interactive"),
        *("--quiet", "--usage", "--verbose", "--version"),
    ),
}

_QUOTING = frozenset("\"'\\")
_SHOWN = 120
_TAIL_LINES = 10


class Advice(NamedTuple):
    """What a stage said: options to add, and options that are not its to give."""

    options: tuple[str, ...]
    overridden: tuple[str, ...]


class SignalAdvice(NamedTuple):
    """What stage `stop` or `reload` said."""

    number: int
    options: tuple[str, ...]
    overridden: tuple[str, ...]


def call(
    path: str,
    stage: str,
    *,
    env: Mapping[str, str],
    timeout: float,
    login: bool,
    terminal: bool = False,
) -> str:
    """Run one stage in the current directory and return what it printed.

    Args:
        path: the executable.
        stage: its argument.
        env: its environment.
        timeout: seconds that it may take.
        login: run it through a login shell, for calls that come from no login of the account.
        terminal: it may ask a person.

    Raises:
        ServiceError: it could not be run, failed, took too long or said too much.
    """
    argv = [*LOGIN_SHELL, path, stage] if login else [path, stage]
    try:
        result = processes.run(argv, env=env, timeout=timeout, terminal=terminal)
    except OSError as error:
        raise ServiceError(
            f"stage {stage}",
            f"{path} cannot be run ({error.strerror})",
            "see that its first line names an interpreter, as in #!/bin/sh",
        ) from error
    if result.ok:
        return result.out
    found = {
        processes.TIMEOUT: f"{path} took longer than {timeout:g} s and was ended",
        processes.OUTPUT: f"{path} printed more than a stage may and was ended",
    }.get(result.problem) or f"{path} {_ending(result.code)}"
    said = _tail(result.err if result.err.strip() else result.out)
    raise ServiceError(f"stage {stage}", found + said, f"try it by hand: {path} {stage}")


def start_options(output: str) -> Advice:
    """Options of sbatch that stage `start` printed.

    Args:
        output: lines `#SBATCH` followed by zero or more options, with shell quoting.

    Raises:
        ServiceError: any other line.
    """
    options: list[str] = []
    for line in output.splitlines():
        options += _words(line, "#SBATCH", "start")
    return screen(options, "sbatch", "stage start")


def signal_advice(output: str, stage: str, default: int) -> SignalAdvice:
    """The signal, and options of scancel, that stage `stop` or `reload` printed.

    Args:
        output: at most one line with a signal (SIGTERM, TERM or 15), and lines `#SCANCEL`
            followed by options.
        stage: "stop" or "reload".
        default: the signal where none is named.

    Raises:
        ServiceError: a line is neither, or there are two signals.
    """
    number = 0
    options: list[str] = []
    for line in output.splitlines():
        if line.startswith("#SCANCEL"):
            options += _words(line, "#SCANCEL", stage)
        elif not line.strip():
            continue
        elif number:
            raise _wrong_line(line, stage, "print one signal only")
        else:
            number = signal_number(line.strip(), stage)
    advice = screen(options, "scancel", f"stage {stage}")
    return SignalAdvice(number or default, advice.options, advice.overridden)


def signal_number(word: str, stage: str) -> int:
    """The number of a signal given as SIGTERM, TERM or 15.

    Raises:
        ServiceError: there is no such signal.
    """
    import re
    import signal

    if re.fullmatch(r"[0-9]{1,3}", word, re.ASCII):
        if int(word) in signal.valid_signals():
            return int(word)
    else:
        name = word.upper().removeprefix("SIG")
        realtime = re.fullmatch(r"RTM(?:IN\+([0-9]{1,2})|AX-([0-9]{1,2}))", name, re.ASCII)
        if realtime:
            up, down = realtime.groups()
            number = signal.SIGRTMIN + int(up) if up else signal.SIGRTMAX - int(down)
            if signal.SIGRTMIN <= number <= signal.SIGRTMAX:
                return int(number)
        elif f"SIG{name}" in signal.Signals.__members__:
            return signal.Signals[f"SIG{name}"].value
    raise _wrong_line(word, stage, "print the name of a signal, as SIGTERM, or nothing")


def screen(options: Sequence[str], command: str, source: str) -> Advice:
    """Separate options that a service may give from those that are ours.

    The latter stay on the command line, where ours follow and win. The words are read as
    getopt(3) reads them: a word that it would not take as an option or as an option's value ends
    the options, and with them ours.

    Args:
        options: words.
        command: "sbatch" or "scancel".
        source: where the words come from, for messages.

    Raises:
        ServiceError: a word is no option, an option lacks its value, or would keep the command
            from doing its work.
    """
    overridden: list[str] = []
    words = iter(options)
    for word in words:
        if "\0" in word or not word.startswith("-") or word in ("-", "--"):
            raise ServiceError(source, f"{word!r} is no option of {command}", "remove it")
        names, needs_value = _names(word, _FLAGS[command])
        for name in names:
            if command == "sbatch" and _is_one_of(name, _FORBIDDEN):
                raise ServiceError(source, f"{word} is not for a service", "remove it")
            if _is_one_of(name, MANDATORY[command]):
                overridden.append(word)
        if needs_value and next(words, "\0").find("\0") >= 0:
            raise ServiceError(source, f"{word} has no value", "write it as --option=value")
    return Advice(tuple(options), tuple(overridden))


def _names(word: str, flags: tuple[str, ...]) -> tuple[list[str], bool]:
    """The options in one word, and whether the next word is the value of the last."""
    if word.startswith("--"):
        name = word.partition("=")[0]
        is_flag = any(each.startswith(name) for each in flags)
        return [name], name == word and not is_flag
    names: list[str] = []
    for place, letter in enumerate(word[1:], 2):
        names.append(f"-{letter}")
        if f"-{letter}" not in flags:
            return names, place == len(word)
    return names, False


def _is_one_of(name: str, options: tuple[str, ...]) -> bool:
    """Whether `name` is one of the options, whole or abbreviated as getopt_long(3) takes it."""
    if not name.startswith("--"):
        return name in options
    return any(each.startswith(name) for each in options)


def _words(line: str, mark: str, stage: str) -> list[str]:
    rest = line.removeprefix(mark)
    if rest == line or (rest and not rest[0].isspace()) or "\0" in line:
        raise _wrong_line(line, stage, f"print only lines that begin with {mark}")
    if rest.isascii() and rest.isprintable() and _QUOTING.isdisjoint(rest):
        return rest.split()
    import shlex

    try:
        return shlex.split(rest)
    except ValueError as error:
        raise _wrong_line(line, stage, f"mend the quoting ({error})") from None


def _wrong_line(line: str, stage: str, advice: str) -> ServiceError:
    shown = line if len(line) <= _SHOWN else line[:_SHOWN] + "..."
    return ServiceError(f"stage {stage}", f"it printed {shown!r}", advice)


def _ending(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"failed with exit status {code}"


def _tail(text: str) -> str:
    lines = [line[:_SHOWN] for line in text.splitlines() if line.strip()][-_TAIL_LINES:]
    printable = ["".join(c if c.isprintable() else "?" for c in line) for line in lines]
    return ", saying:\n  " + "\n  ".join(printable) + "\n" if printable else ""

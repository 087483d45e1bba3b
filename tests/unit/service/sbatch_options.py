"""How sbatch reads its options: getopt_long(3) with a leading "+", and the table of sbatch(1).

An oracle for what `stages.screen` lets through, written from the manual pages and not from our
own table. Arguments were tried one by one with sbatch 22.05.
"""

from __future__ import annotations

_FLAGS = """
    contiguous help hold ignore-pbs no-requeue overcommit oversubscribe parsable quiet reboot
    requeue spread-job test-only usage use-min-nodes verbose version wait
"""
_REQUIRED = """
    account acctg-freq array bb bbf begin chdir cluster-constraint clusters comment constraint
    container core-spec cores-per-socket cpu-freq cpus-per-gpu cpus-per-task deadline
    delay-boot dependency distribution error exclude export export-file extra-node-info gid
    gpu-bind gpu-freq gpus gpus-per-node gpus-per-socket gpus-per-task gres gres-flags hint
    input job-name kill-on-invalid-dep licenses mail-type mail-user mcs-label mem mem-bind
    mem-per-cpu mem-per-gpu mincpus network nodefile nodelist nodes ntasks ntasks-per-core
    ntasks-per-gpu ntasks-per-node ntasks-per-socket open-mode output partition power priority
    profile qos reservation signal sockets-per-node switches thread-spec threads-per-core time
    time-min tmp uid wait-all-nodes wckey wrap
"""
FLAGS = _FLAGS.split()
OPTIONAL = ["exclusive", "get-user-env", "nice", "no-kill", "propagate"]
REQUIRED = _REQUIRED.split()
SHORT_FLAGS = {
    "h": "help", "H": "hold", "k": "no-kill", "O": "overcommit", "Q": "quiet",
    "s": "oversubscribe", "v": "verbose", "V": "version", "W": "wait",
}  # fmt: skip
SHORT_REQUIRED = {
    "a": "array", "A": "account", "b": "begin", "B": "extra-node-info", "c": "cpus-per-task",
    "C": "constraint", "d": "dependency", "D": "chdir", "e": "error", "F": "nodefile",
    "G": "gpus", "i": "input", "J": "job-name", "L": "licenses", "m": "distribution",
    "M": "clusters", "n": "ntasks", "N": "nodes", "o": "output", "p": "partition", "q": "qos",
    "S": "core-spec", "t": "time", "w": "nodelist", "x": "exclude",
}  # fmt: skip
LONG = [*FLAGS, *OPTIONAL, *REQUIRED]


class RefusedError(Exception):
    """sbatch would print its usage and submit nothing."""


def read(words: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The options in their order by long name, and the words from the first positional one on.

    Raises:
        RefusedError: an option is unknown, ambiguous, or has a value too many or too few.
    """
    found: list[tuple[str, str]] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return found, rest
        if word == "-" or not word.startswith("-"):
            return found, [word, *rest]
        if word.startswith("--"):
            found.append(_long(word[2:], rest))
        else:
            found += _bundle(word[1:], rest)
    return found, []


def _long(text: str, rest: list[str]) -> tuple[str, str]:
    typed, equals, value = text.partition("=")
    names = [typed] if typed in LONG else [each for each in LONG if each.startswith(typed)]
    if len(names) != 1:
        raise RefusedError(text)
    name = names[0]
    if equals:
        if name in FLAGS:
            raise RefusedError(text)
        return name, value
    return name, _value(rest, text) if name in REQUIRED else ""


def _bundle(letters: str, rest: list[str]) -> list[tuple[str, str]]:
    found = []
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in SHORT_FLAGS:
            found.append((SHORT_FLAGS[letter], ""))
        elif letter in SHORT_REQUIRED:
            found.append((SHORT_REQUIRED[letter], letters or _value(rest, letter)))
            break
        else:
            raise RefusedError(letter)
    return found


def _value(rest: list[str], option: str) -> str:
    if not rest:
        raise RefusedError(option)
    return rest.pop(0)

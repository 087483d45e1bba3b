"""Parts of the completions and of the man page, made from the code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator

from sciportal.service import result, settings, usage
from sciportal.service.manual import ALL_YOURS, EXITS, FILES, GENERAL, STATES, VERBS
from sciportal.service.options import SHOWN, Option
from sciportal.service.site import Site

# Between comments of a shell, or of roff.
_REGION = re.compile(
    r'^(?P<head>(?P<indent> *)(?P<mark>#|\.\\") table: (?P<name>[a-z-]+)\n)'
    r"(?P<body>.*?)(?P<tail>^(?P=indent)(?P=mark) end\n)",
    re.DOTALL | re.MULTILINE,
)


def filled(text: str) -> str:
    """A template with every region of it as the code has it now."""
    return _REGION.sub(_filled, text)


def _filled(found: re.Match[str]) -> str:
    lines = "".join(f"{found['indent']}{line}\n" for line in MAKERS[found["name"]]())
    return found["head"] + lines + found["tail"]


def spellings(verb: str) -> list[Option]:
    """The options that mean something to an action."""
    return [each for each in SHOWN if each.forms[-1] in (*VERBS[verb].options, *GENERAL)]


def _with_a_value() -> list[str]:
    """Options whose value may be the next word."""
    takers = [each for each in SHOWN if each.value and "--wait" not in each.forms]
    return [form for each in takers for form in each.forms]


# For bash.


def _bash_options() -> Iterator[str]:
    yield "case $1 in"
    for verb in VERBS:
        yield f"{verb}) REPLY='{_long(spellings(verb))}' ;;"
    yield f"*) REPLY='{_long(SHOWN)}' ;;"
    yield "esac"


def _long(options: Iterable[Option]) -> str:
    return " ".join(each.forms[-1] for each in options)


def _bash_values() -> Iterator[str]:
    yield f"{' | '.join(_with_a_value())}) value=$word ;;"


def _bash_verbs() -> Iterator[str]:
    yield f"_sbatch_service_words {' '.join(VERBS)}"


# For zsh.


def _zsh_verbs() -> Iterator[str]:
    yield "verbs=("
    yield from (f"    {_entry(name, verb.summary)}" for name, verb in VERBS.items())
    yield ")"


def _zsh_values() -> Iterator[str]:
    yield f"({'|'.join(_with_a_value())}) value=$word ;;"


def _zsh_options() -> Iterator[str]:
    for verb in (*VERBS, "*"):
        yield f"({verb})"
        yield "    options=("
        for each in SHOWN if verb == "*" else spellings(verb):
            yield f"        {_entry(each.forms[-1], each.help)}"
        yield "    )"
        yield "    ;;"


def _entry(name: str, meaning: str) -> str:
    quoted = f"{name}:{meaning}".replace("'", r"'\''")
    return f"'{quoted}'"


# For man(1).


def _man_actions() -> Iterator[str]:
    for name, verb in VERBS.items():
        services = (
            r"[\fISERVICE\fR \&...]" if verb.nameless == ALL_YOURS else r"\fISERVICE\fR \&..."
        )
        yield from _item(rf"\fB{name}\fR {services}", verb.text)


def _man_options() -> Iterator[str]:
    for each in SHOWN:
        yield from _item(_bold(usage.spelling(each)), each.help)


def _man_states() -> Iterator[str]:
    for name, meaning in STATES.items():
        yield from _item(_bold(name), meaning)


def _man_settings() -> Iterator[str]:
    found = settings.defaults("custom", Site().stop_timeout)
    values = {**found._asdict(), "port": "auto", "sbatch": list(found.sbatch)}
    for key, value in settings.KEYS.items():
        yield from _item(_bold(key), f"{value}; by default `{json.dumps(values[key])}`")


def _man_exits() -> Iterator[str]:
    yield "One failure does not stop the other services of a call."
    order = ", ".join(map(str, result._WORST_FIRST))
    yield f"Of several codes the first of {order} is given."
    for code, meaning in EXITS.items():
        yield from _item(_bold(str(code)), meaning)


def _man_files() -> Iterator[str]:
    for path, meaning in FILES.items():
        yield from _item(rf"\fI\(ti/{_roff(path)}\fR".replace("-", r"\-"), meaning)


def _man_examples() -> Iterator[str]:
    for verb in VERBS.values():
        for call, meaning in verb.examples:
            yield from _item(_bold(f"sbatch-service {call}"), meaning)


def _item(tag: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield tag
    # A sentence a line: roff spaces them by itself.
    yield from re.sub(r"(?<=[.]) (?=[A-Z])", "\n", _marked(text)).split("\n")


def _bold(text: str) -> str:
    typed = _roff(text).replace("-", r"\-")
    return rf"\fB{typed}\fR"


def _marked(text: str) -> str:
    """Text of the manual: what is between backquotes is bold."""
    parts = text.split("`")
    return "".join(_bold(part) if at % 2 else _roff(part) for at, part in enumerate(parts))


def _roff(text: str) -> str:
    plain = text.replace("\\", r"\e").replace("~", r"\(ti").replace("^", r"\(ha")
    return r"\&" + plain if plain.startswith((".", "'")) else plain


MAKERS: dict[str, Callable[[], Iterable[str]]] = {
    "bash-options": _bash_options,
    "bash-values": _bash_values,
    "bash-verbs": _bash_verbs,
    "zsh-verbs": _zsh_verbs,
    "zsh-values": _zsh_values,
    "zsh-options": _zsh_options,
    "man-actions": _man_actions,
    "man-options": _man_options,
    "man-states": _man_states,
    "man-settings": _man_settings,
    "man-exits": _man_exits,
    "man-files": _man_files,
    "man-examples": _man_examples,
}

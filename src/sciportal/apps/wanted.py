"""What the roles supervisord and uwsgi_app are given, checked before anything is changed.

Names and values end up in files that root's Apache, uwsgi and supervisord read, each with signs
of its own; so each is taken only in a form that means nothing else there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sciportal.apps.place import NAME, RELEASE

Entry = Mapping[str, Any]

_SAFE = r"[A-Za-z0-9_.+@-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ENV = re.compile(r"(?!UWSGI_|SCIPORTAL_)[A-Za-z_][A-Za-z0-9_]*")
# Variables and files of uwsgi, and what ends a value or begins another one elsewhere.
_SPECIAL = re.compile(r"""[%"'\\]|[$@]\(|[^\x20-\x7e\xa0-\U0010ffff]""")


class Form(NamedTuple):
    """What a value has to be."""

    fits: Callable[[str], bool]
    advice: str


def _like(pattern: str | re.Pattern[str], advice: str) -> Form:
    compiled = re.compile(pattern)
    return Form(lambda text: bool(compiled.fullmatch(text)) and "/../" not in f"/{text}/", advice)


_PATH = _like(rf"(?:/{_SAFE})+", "an absolute path of letters, digits and _ . + @ -")
_BELOW = _like(rf"(?!-){_SAFE}(?:/{_SAFE})*", "a path of letters, digits and _ . + @ - without ..")
_HOST = _like(rf"{_LABEL}(?:\.{_LABEL})*", "the name of a host, in small letters")
_NAME = _like(NAME, "small letters, digits and -, at most 32, beginning with a letter")
_ACCOUNT = _like(r"(?!root\Z)[a-z_][a-z0-9_-]{0,31}", "the name of an account other than root")
_SIGNAL = _like(r"TERM|HUP|INT|QUIT|KILL|USR1|USR2", "TERM, HUP, INT, QUIT, KILL, USR1 or USR2")
_LINE = Form(
    lambda text: not _SPECIAL.search(text),
    "one line without quotation marks, % and \\, and without $( and @(",
)

_APPLICATION: dict[str, Form] = {
    "name": _NAME,
    "account": _ACCOUNT,
    "release": _like(RELEASE, "a name of letters, digits, dots and dashes that is not `current`"),
    "location": _BELOW,
    "callable": _like(r"[A-Za-z_][A-Za-z0-9_]*", "the name of a variable"),
    "virtualenv": _PATH,
    "server_name": _HOST,
    "path": _like(r"/|(?:/[A-Za-z0-9._~-]+)+", "/ or the beginning of a path, as /queue"),
    "document_root": _PATH,
    "log_dir": _like(rf"/var/log(?:/{_SAFE})*", "a directory below /var/log"),
}
_PROGRAM: dict[str, Form] = {
    "name": _like(rf"(?!supervisord\Z){NAME.pattern}", _NAME.advice + "; not supervisord"),
    "account": _ACCOUNT,
    "directory": _PATH,
    "stopsignal": _SIGNAL,
}
# By name, the least value.
_FIGURES = {
    "workers": 1,
    "cheaper": 1,
    "cheaper_initial": 1,
    "threads": 1,
    "reload_on_as": 1,
    "evil_reload_on_as": 1,
    "harakiri": 0,
    "mercy": 1,
    "timeout": 1,
    "log_size": 1024,
    "processes": 1,
    "wsgi_threads": 1,
    "port": 1,
    "priority": 0,
    "startsecs": 0,
    "startretries": 0,
    "stopwaitsecs": 1,
    "log_backups": 0,
}


def problems(given: Mapping[str, Any]) -> list[str]:
    """What is wrong with what the roles were given; one sentence each.

    Args:
        given: `applications` and `programs`, each a list.
    """
    applications = list(given.get("applications") or [])
    programs = list(given.get("programs") or [])
    return [
        *_of_entries("uwsgi_app_applications", applications, _APPLICATION, _application),
        *_twice("uwsgi_app_applications", (each.get("name") for each in applications)),
        *_same_address(applications),
        *_of_entries("supervisord_programs", programs, _PROGRAM, _program),
        *_twice(
            "supervisord_programs",
            (f"{each.get('name')} of {each.get('account')}" for each in programs),
        ),
    ]


def _of_entries(
    where: str,
    entries: Iterable[Entry],
    forms: Mapping[str, Form],
    more: Callable[[Entry], Iterator[tuple[str, object, str]]],
) -> Iterator[str]:
    for entry in entries:
        place = f"{where}, {entry.get('name')!r}"
        for key, form in forms.items():
            value = entry.get(key)
            if value not in (None, "") and not form.fits(str(value)):
                yield _sentence(place, key, value, form.advice)
        for key, least in _FIGURES.items():
            if key in entry and _figure(entry[key], least) is None:
                yield _sentence(place, key, entry[key], f"a whole number from {least} on")
        for name, value in (entry.get("env") or {}).items():
            if not _ENV.fullmatch(str(name)):
                advice = "names of letters, digits and _, not of UWSGI_ or SCIPORTAL_"
                yield _sentence(place, "env", name, advice)
            if not _LINE.fits(str(value)):
                yield _sentence(place, f"env.{name}", value, _LINE.advice)
        yield from (_sentence(place, *each) for each in more(entry))


def _application(entry: Entry) -> Iterator[tuple[str, object, str]]:
    for key in ("name", "account", "location"):
        if not entry.get(key):
            yield key, entry.get(key), "it: every application has one"
    for alias in entry.get("server_aliases") or []:
        if not _HOST.fits(str(alias)):
            yield "server_aliases", alias, _HOST.advice
    for each in entry.get("files") or []:
        if not _BELOW.fits(str(each.get("path"))):
            yield "files.path", each.get("path"), _BELOW.advice
    if _figure(entry.get("port"), 1) and int(entry["port"]) > 65535:
        yield "port", entry["port"], "a port, up to 65535"
    yield from _figures(entry)


def _figures(entry: Entry) -> Iterator[tuple[str, object, str]]:
    figures = [_figure(entry.get(key), 1) for key in ("cheaper", "cheaper_initial", "workers")]
    cheaper, initial, workers = (figure or 0 for figure in figures)
    if all(figures) and not cheaper <= initial <= workers:
        yield "cheaper_initial", initial, "cheaper at least, and workers at most"
    if all(figures) and cheaper >= workers > 1:
        yield "cheaper", cheaper, "fewer than workers"
    nice, evil = _figure(entry.get("reload_on_as"), 1), _figure(entry.get("evil_reload_on_as"), 1)
    if nice and evil and nice >= evil:
        yield "reload_on_as", nice, "less than evil_reload_on_as"


def _program(entry: Entry) -> Iterator[tuple[str, object, str]]:
    for key in ("name", "account"):
        if not entry.get(key):
            yield key, entry.get(key), "it: every program has one"
    if entry.get("state") == "absent":
        return
    words = entry.get("command") or []
    if not words or not _PATH.fits(str(words[0])):
        yield "command", words, "a list whose first word is the absolute path of the program"
    for word in words:
        # supervisord takes these for the beginning of a comment, also between quotation marks.
        if re.search(r"""[\n\r\0]|\s[;#]""", str(word)):
            yield "command", word, "words of one line without a space before ; or #"


def _twice(where: str, names: Iterable[object]) -> Iterator[str]:
    for name, times in Counter(map(str, names)).items():
        if times > 1:
            yield f"{where}: {name} is there {times} times; give each once"


def _same_address(applications: Iterable[Entry]) -> Iterator[str]:
    hosts = Counter(
        (str(name), str(entry.get("port")))
        for entry in applications
        if entry.get("server_name") and entry.get("state") != "absent"
        for name in (entry["server_name"], *(entry.get("server_aliases") or []))
    )
    for (name, port), times in hosts.items():
        if times > 1:
            yield (
                f"uwsgi_app_applications: {name} at port {port} is the address of {times};"
                " give each its own"
            )


def _figure(value: object, least: int) -> int | None:
    """A whole number, also as Ansible's templates hand it on."""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,18}", str(value)):
        return None
    return int(str(value)) if int(str(value)) >= least else None


def _sentence(place: str, key: str, value: object, advice: str) -> str:
    return f"{place}: {key} is {value!r}; give {advice}."

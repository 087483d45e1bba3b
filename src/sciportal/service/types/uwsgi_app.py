"""app.ini of the type `uwsgi`: which application, and what runs it."""

from __future__ import annotations

import os

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service.errors import ServiceError
from sciportal.service.types import ini

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PLUGINS = {"python3": "wsgi-file", "psgi": "psgi", "rack": "rack"}
"""By plugin, the option of uwsgi that says where the application is."""

# The seed's word, from when there was one Python.
ALIASES = {"python": "python3"}
PACKAGES = {"python3": "uwsgi-plugin-python3", "psgi": "uwsgi-plugin-psgi", "rack": "the rack one"}
PLUGIN_DIRECTORIES = ("/usr/lib/uwsgi/plugins", "/usr/lib64/uwsgi")

_EXAMPLES = {"python3": "web/app.py", "psgi": "web/app.psgi", "rack": "web/config.ru"}


class App(NamedTuple):
    """An application."""

    plugin: str
    location: str
    more: tuple[tuple[str, str], ...] = ()
    """What else app.ini says: keys and values."""


def from_environment(environ: Mapping[str, str], path: str) -> App:
    """The application that UWSGI_PLUGIN and UWSGI_LOCATION name.

    Args:
        environ: of the process.
        path: of the file that they are asked for, for messages.

    Raises:
        ServiceError: they do not, or not one that can be.
    """
    plugin, location = environ.get("UWSGI_PLUGIN", ""), environ.get("UWSGI_LOCATION", "")
    if not plugin or not location:
        raise ServiceError(
            f"the file {path}",
            "nobody said which application is to run",
            "run init on a terminal,\nor with UWSGI_PLUGIN (" + ", ".join(PLUGINS) + ") and"
            " UWSGI_LOCATION in the environment, or write it:\n" + text(App("python3", "")),
        )
    return checked(plugin, location)


def checked(plugin: str, location: str) -> App:
    """An application of what somebody gave.

    Raises:
        ServiceError: there is no such plugin, or the location is no name of a file.
    """
    known = ALIASES.get(plugin, plugin)
    if known not in PLUGINS:
        raise ServiceError("the plugin", f"{plugin!r} is none", "use " + ", ".join(PLUGINS))
    if not location.strip() or not location.isprintable():
        raise ServiceError(
            "the location", f"{location!r} is no file", f"for example {_EXAMPLES[known]}"
        )
    return App(known, location.strip())


def ask(put: Callable[[str], None], get: Callable[[], str]) -> App:
    """Ask a person, each question until there is an answer that can be.

    Args:
        put: shows a question.
        get: one line of answer, empty at the end of the input.

    Raises:
        ServiceError: the input ended.
    """
    plugin = ""
    while plugin not in PLUGINS:
        put(f"Which plugin runs your application ({', '.join(PLUGINS)})? ")
        answer = _answer(get)
        plugin = ALIASES.get(answer, answer)
    location = ""
    while not location:
        put(f"Which file in your home is it (for example {_EXAMPLES[plugin]})? ")
        location = _answer(get)
    return checked(plugin, location)


def _answer(get: Callable[[], str]) -> str:
    line = get()
    if not line:
        raise ServiceError("which application is to run", "there was no answer", "run init again")
    return line.strip()


def text(app: App) -> str:
    """app.ini for an application."""
    location = app.location or _EXAMPLES[app.plugin]
    directory = os.path.dirname(location)
    beside = ["; Modules beside it are found, too.", f"pythonpath = {directory or '.'}"]
    lines = [
        "; Your application, in uwsgi's own syntax. Paths are relative to your home.",
        ini.SECTION,
        f"plugin = {app.plugin}",
        f"{PLUGINS[app.plugin]} = {location}",
        *(beside if app.plugin == "python3" else []),
        *(f"{key} = {value}" for key, value in app.more),
    ]
    return "\n".join(lines) + "\n"


def is_ours(found: str) -> bool:
    """Whether a text of app.ini is as init writes it."""
    try:
        keys = {line.key: line.value for line in ini.read(found, "app.ini")}
    except ServiceError:
        return False
    plugin = keys.get("plugin", "")
    location = keys.get(PLUGINS.get(plugin, ""), "")
    return not found.strip() or (bool(location) and text(App(plugin, location)) == found)


def plugins(lines: Sequence[ini.Line], path: str) -> list[str]:
    """Plugins to load before the file is read, after a look whether all that it names are there.

    Args:
        lines: of app.ini.
        path: of the file, for messages.

    Raises:
        ServiceError: it names none, or one that is not there.
    """
    named = [
        (line.number, name.strip())
        for line in lines
        if line.key in ("plugin", "plugins")
        for name in line.value.split(",")
    ]
    if not named:
        raise ServiceError(
            f"the file {path}", "no line says plugin = NAME", "use " + ", ".join(PLUGINS)
        )
    more: list[str] = []
    if any(line.key in ("plugin-dir", "plugins-dir") for line in lines):
        return more
    for number, name in named:
        if _is_there(name):
            continue
        instead = ALIASES.get(name, name)
        if instead == name or not _is_there(instead):
            package = PACKAGES.get(instead)
            advice = f"ask the operators for the package {package}" if package else "name another"
            raise ini.mistake(path, number, f"uwsgi's plugin {name!r} is not installed", advice)
        more.append(instead)
    return more


def _is_there(name: str) -> bool:
    if "/" in name or "%" in name or "$" in name:
        return True
    return any(os.path.exists(f"{place}/{name}_plugin.so") for place in PLUGIN_DIRECTORIES)

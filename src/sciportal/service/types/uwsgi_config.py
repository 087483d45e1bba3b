"""The data of the type `uwsgi`: its application, its port, and options beside the standard."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service import portfile
from sciportal.service.types import uwsgi_app, uwsgi_options
from sciportal.service.types.given import File, check_known, wrong
from sciportal.service.types.uwsgi_app import ALIASES, PLUGINS, App
from sciportal.service.types.uwsgi_options import OPTIONS, TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_OF_PYTHON = ("virtualenv", "callable", "pythonpath")
APP_KEYS = ("plugin", "location", *_OF_PYTHON, "env")

_HEAD = """\
; Written from data by sciportal.hosting (role account). Have them changed there: what is changed
; here is kept, reported to whoever keeps the data, and then written no more.
"""
_LINE = "a text of one line"


def files(config: Mapping[str, Any], place: str) -> list[File]:
    """The files app.ini, ports.ini and options.ini, as far as there are data for them.

    Args:
        config: `app`, a dictionary of `plugin`, `location` and what else an application needs;
            `port`, a TCP port; `options`, a dictionary of options and values.
        place: where the data stand, for messages.

    Raises:
        UsageError: a key or a value is wrong.
    """
    for key in config:
        check_known(key, _FILES, place)
    return [
        make(config[key], f"{place}.{key}")
        for key, make in _FILES.items()
        if config.get(key) is not None
    ]


def _app(given: Any, place: str) -> File:
    keys = _dictionary(given, place)
    for key in keys:
        check_known(key, APP_KEYS, place)
    plugin = _line(keys.get("plugin"), f"{place}.plugin")
    check_known(plugin, (*PLUGINS, *ALIASES), f"{place}.plugin")
    plugin = ALIASES.get(plugin, plugin)
    location = _line(keys.get("location"), f"{place}.location")
    more = tuple(_more(keys, plugin, place))
    text = _HEAD + uwsgi_app.text(App(plugin, location, more))
    return File("app.ini", text, 0o600, uwsgi_app.is_ours)


def _more(keys: Mapping[str, Any], plugin: str, place: str) -> Iterator[tuple[str, str]]:
    for key in _OF_PYTHON:
        if keys.get(key) is None:
            continue
        if plugin != "python3":
            raise wrong(f"{place}.{key}", keys[key], f"it with the plugin python3, not {plugin}")
        for value in _list(keys[key]) if key == "pythonpath" else [keys[key]]:
            yield key, _line(value, f"{place}.{key}")
    environment = _dictionary(keys.get("env") or {}, f"{place}.env")
    for name, value in environment.items():
        if not name.isidentifier() or not name.isascii():
            raise wrong(f"{place}.env", name, "names of letters, digits and _")
        yield "env", f"{name}={_line(_text(value), f'{place}.env.{name}')}"


def _port(given: Any, place: str) -> File:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 < given < 65536:
        raise wrong(place, given, "a whole number from 1 to 65535")
    text = _HEAD + portfile.lines(given)
    return File("ports.ini", text, 0o600, portfile.is_ours)


def _options(given: Any, place: str) -> File:
    lines = []
    for name, values in _dictionary(given, place).items():
        check_known(name, OPTIONS, place)
        option = OPTIONS[name]
        for value in _list(values) if option.kind == TEXT else [values]:
            text = _text(value)
            if not isinstance(text, str) or not uwsgi_options.is_valid(option.kind, text.strip()):
                raise wrong(f"{place}.{name}", value, f"{option.kind}, such as {option.example}")
            lines.append(f"{name} = {text.strip()}\n")
    return File("options.ini", _HEAD + "".join(lines), 0o600, uwsgi_options.is_ours)


def _dictionary(given: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise wrong(place, given, "a dictionary")
    return given


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _text(given: Any) -> Any:
    """Booleans and numbers as uwsgi has them; all else as it is."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int) and abs(given) < 2**63:
        return str(given)
    return given


def _line(given: Any, place: str) -> str:
    if not isinstance(given, str) or not given.strip() or not given.isprintable():
        raise wrong(place, given, _LINE)
    return given.strip()


_FILES = {"app": _app, "port": _port, "options": _options}
KEYS = tuple(_FILES)

"""SERVICE.toml: what an account decides about one service."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service import plain
from sciportal.service.endpoint import ACCESS, PROTOCOLS
from sciportal.service.errors import ServiceError
from sciportal.service.kinds import kind_of
from sciportal.service.restart import POLICIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

AUTO = 0
NO_PORT = -1


class Settings(NamedTuple):
    """The keys of the file. A key that is not there has the default of the service's type."""

    port: int
    """A TCP port; AUTO for one that is chosen, NO_PORT for a service that does not listen."""
    protocol: str
    access: str
    restart: str
    """When its main process is started again, see restart.py."""
    stop_timeout: int
    """Seconds the service has to end after its signal."""
    sbatch: tuple[str, ...]
    """Options of sbatch, behind the site's."""


KEYS = {
    "port": '"auto", "none" or a number within the site\'s range',
    "protocol": "one of " + ", ".join(PROTOCOLS),
    "access": "one of " + ", ".join(ACCESS),
    "restart": "one of " + ", ".join(POLICIES),
    "stop_timeout": "a number of seconds from 1 to 3600",
    "sbatch": "a list of options of sbatch",
}


def defaults(service: str, stop_timeout: int) -> Settings:
    """The settings of a service without a file."""
    kind = kind_of(service)
    return Settings(AUTO, kind.protocol, kind.access, kind.restart, stop_timeout, ())


def load(text: str | None, service: str, path: str, stop_timeout: int) -> Settings:
    """The settings from the text of the file, or the defaults where there is none.

    Args:
        text: what the file holds.
        service: whose it is.
        path: the file, for messages.
        stop_timeout: the site's default, in seconds.

    Raises:
        ServiceError: it is no TOML, a key is unknown, or a value is wrong.
    """
    if text is None:
        return defaults(service, stop_timeout)
    try:
        values = plain.toml(text)
    except (ValueError, RecursionError) as error:
        raise ServiceError("the settings", f"{path}: {error}", "mend the file") from None
    return parse(values, service, path, stop_timeout)


def parse(values: Mapping[str, Any], service: str, path: str, stop_timeout: int) -> Settings:
    """The settings from decoded values; see `load`."""
    found = defaults(service, stop_timeout)
    for key, value in values.items():
        if key not in KEYS:
            raise ServiceError(
                "the settings", f"unknown key {key!r} in {path}", "use one of " + ", ".join(KEYS)
            )
        valid, meaning = _value(key, value)
        if not valid:
            shown = type(value).__name__ if _is_huge(value) else f"{value!s:.60}"
            raise ServiceError("the settings", f"{key} = {shown} in {path}", f"give {KEYS[key]}")
        found = found._replace(**{key: meaning})
    return found


def dump(values: Mapping[str, Any]) -> str:
    """TOML of the keys, for a file that we write ourselves. Values are as `parse` takes them."""
    import json

    # JSON's strings, numbers and lists of strings are TOML's too, but for this one character.
    lines = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n".replace("\x7f", "\\u007f")
        for key, value in sorted(values.items())
    ]
    return "".join(lines)


def _is_huge(value: Any) -> bool:
    """Whether Python may refuse to print it: integers of thousands of digits."""
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def _value(key: str, value: Any) -> tuple[bool, Any]:
    number = value if isinstance(value, int) and not isinstance(value, bool) else None
    if key == "port":
        words = {"auto": AUTO, "none": NO_PORT}
        if isinstance(value, str):
            return value in words, words.get(value)
        return number is not None and 0 < number < 65536, number
    if key == "stop_timeout":
        return number is not None and 1 <= number <= 3600, number
    if key == "sbatch":
        strings = isinstance(value, list) and all(
            isinstance(each, str) and "\0" not in each for each in value
        )
        return strings, tuple(value) if strings else ()
    words_of = {"protocol": PROTOCOLS, "access": ACCESS, "restart": POLICIES}
    return value in words_of[key], value

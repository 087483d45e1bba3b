"""By type, the data that its files are rendered from."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service.errors import UsageError
from sciportal.service.types import apache_config, uwsgi_config

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from sciportal.service.types.given import File

# Less than what is read of a file of an account.
_LONGEST = 60_000


class Format(NamedTuple):
    """How the data of a type become files."""

    files: Callable[[Mapping[str, Any], str], list[File]]
    """Renders them; with the place of the data for messages."""
    reloads: bool
    """Whether a reload is enough for what runs to take them."""


FORMATS = {
    "apache": Format(apache_config.files, reloads=True),
    "uwsgi": Format(uwsgi_config.files, reloads=False),
}


def reloads(service: str) -> bool:
    """Whether a reload is enough for a service that runs to take the files of its type anew."""
    return service in FORMATS and FORMATS[service].reloads


def files(service: str, config: Mapping[str, Any], place: str) -> list[File]:
    """The files that data mean.

    Args:
        service: whose type it is.
        config: the data.
        place: what the messages are about, such as `apache of alice`.

    Raises:
        UsageError: a key or a value is wrong, or there is no such type.
    """
    if service not in FORMATS:
        raise UsageError(
            f"{place}, config",
            "this is no type whose files are made from data",
            f"give it for {' or '.join(FORMATS)}; other services have script and settings",
        )
    found = FORMATS[service].files(config, f"{place}, config")
    for file in found:
        size = len(file.text.encode())
        if size > _LONGEST:
            raise UsageError(
                f"{place}, config",
                f"{file.name} would have {size} bytes",
                f"give less, for {_LONGEST} bytes at most",
            )
    return found

"""What the site decides: /etc/sciportal/service.toml."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service import plain
from sciportal.service.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PATH = "/etc/sciportal/service.toml"
_LAST_KIND = 32767


class Site(NamedTuple):
    """Every key of the file with its default. Times are in seconds."""

    partition: str = "service-pool"
    """Partition of service jobs."""
    group: str = "service-pool"
    """Group whose members may have services."""
    types_dir: str = "/etc/sbatch-service"
    """Executables of the pre-defined types."""
    slurm_bin: str = ""
    """Directory of Slurm's commands; empty for the PATH."""
    slurm_timeout: int = 30
    """A command of Slurm that takes longer counts as unanswered."""
    message_timeout: int = 10
    """Slurm's MessageTimeout: after twice this an unanswered submission is given up."""
    init_timeout: int = 600
    """Longest time of stage init."""
    stage_timeout: int = 60
    """Longest time of each other stage."""
    stop_timeout: int = 60
    """Time a service has to end after its signal; SERVICE.toml may say otherwise."""
    cancel_timeout: int = 60
    """Time a cancelled job has to disappear."""
    wait_timeout: int = 60
    """Default of --wait."""
    lock_timeout: int = 60
    """Default of --lock-timeout."""
    restart_delay_max: int = 60
    """Longest delay before a main process that failed is started again; the first is 1."""
    restart_limit: int = 10
    """After so many restarts within restart_window a service is given up."""
    restart_window: int = 600
    """See restart_limit."""
    log_size: str = "1M"
    """A log above this size is rotated; a number with k, M or G, as logrotate(8) writes sizes."""
    log_rotations: int = 5
    """So many rotated logs are kept."""
    connection_ttl: int = 1
    """Front ends use an idle connection to a service for so long at most."""
    sbatch: tuple[str, ...] = ("--mem=512M", "--cpus-per-task=1", "--requeue")
    """Options of sbatch that come before those of the service."""
    port_min: int = 8192
    """Lowest port of services."""
    port_max: int = 32767
    """Highest port of services."""


def load(path: str = PATH) -> Site:
    """The site's settings; the defaults where there is no such file.

    Raises:
        UsageError: a key is unknown or a value has the wrong type, or the file is no TOML.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return Site()
    except OSError as error:
        raise UsageError("the site's settings", f"{path}: {error.strerror}", "mend that") from None
    try:
        return parse(plain.toml(data.decode()), path)
    except (ValueError, RecursionError) as error:
        raise UsageError("the site's settings", f"{path}: {error}", "mend the file") from None


def load_anyway(say: Callable[[str], None]) -> Site:
    """The site's settings, for what is to run also where they have a mistake.

    Args:
        say: is told of the mistake; the defaults hold then.
    """
    try:
        return load()
    except UsageError as error:
        say(f"{error}; going on with the defaults")
        return Site()


def parse(values: dict[str, Any], path: str) -> Site:
    """Settings from the decoded file.

    Args:
        values: keys and values.
        path: the file, for messages.

    Raises:
        UsageError: a key is unknown or a value has the wrong type.
    """
    defaults = Site()._asdict()
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in defaults:
            raise UsageError(
                "the site's settings",
                f"unknown key {key!r} in {path}",
                "use one of " + ", ".join(defaults),
            )
        checked[key] = _value(key, value, defaults[key], path)
    found = Site(**checked)
    if not _is_size(found.log_size):
        raise UsageError(
            "the site's settings",
            f"log_size = {found.log_size!r} in {path}",
            "give a number with k, M or G, for example 1M",
        )
    # Each kind of service has its own range below this one; see kinds.py.
    if not 1 <= found.port_min <= found.port_max <= 65535 or found.port_min > _LAST_KIND:
        raise UsageError(
            "the site's settings",
            f"port_min = {found.port_min:.60g}, port_max = {found.port_max:.60g} in {path}",
            f"give a range that begins at {_LAST_KIND} or below and ends at 65535 or below",
        )
    return found


def _is_size(text: str) -> bool:
    number = text[:-1] if text[-1:] in ("k", "M", "G") else text
    digits = number.isascii() and number.isdigit()
    return digits and number[0] != "0" and len(number) <= 9


def _value(key: str, value: object, default: object, path: str) -> object:
    if isinstance(default, tuple):
        if isinstance(value, list) and all(
            isinstance(each, str) and "\0" not in each for each in value
        ):
            return tuple(value)
        kind = "a list of strings"
    elif isinstance(default, int):
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        kind = "a whole number above 0"
    else:
        if isinstance(value, str):
            return value
        kind = "a string"
    raise UsageError("the site's settings", f"{key} = {value!r} in {path}", f"give {kind}")

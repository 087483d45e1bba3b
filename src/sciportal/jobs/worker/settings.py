"""What the operators of a cluster tell its worker: /etc/sciportal/worker.toml."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from sciportal.jobs import names
from sciportal.jobs.confinement.layers import AUTO, Layer
from sciportal.jobs.order import is_absolute, is_word
from sciportal.jobs.strict import Table
from sciportal.service.errors import UsageError

PATH = Path("/etc/sciportal/worker.toml")
SLURM = "slurm"
PROCESSES = "processes"

_ADVICE = "see `Clusters far away` in the documentation for operators"
_LARGEST = 1 << 50


class Limits(NamedTuple):
    """What this cluster grants a job at the most, whatever the portal allows."""

    cpu_seconds: int = 7 * 86400
    minutes: int = 7 * 1440
    """Of wall clock time."""
    file_bytes: int = 10 << 30
    total_bytes: int = 20 << 30
    """Of all that a job has written."""
    inputs_bytes: int = 2 << 30
    results_bytes: int = 2 << 30
    cpus: int = 64
    memory_mb: int = 1 << 18
    free_bytes: int = 1 << 30
    """Of the spool's file system, below which no job is taken."""


class Settings(NamedTuple):
    """The worker's settings, checked."""

    portal: str
    """The portal's address, without a slash at the end."""
    name: str
    token_file: Path
    ca_file: str
    """Authorities that the portal's certificate is checked with; empty for the system's."""
    max_jobs: int
    """Which it has at a time, those that wait in Slurm's queue among them."""
    mode: str
    """SLURM or PROCESSES."""
    spool: Path
    layer: str
    """What confines jobs; see sciportal-confine."""
    profile: str
    """Of AppArmor, that jobs are put under; empty for none."""
    read: tuple[str, ...]
    """What jobs may be let read, with all that is below."""
    network: bool
    """Whether jobs may be let use the network."""
    partition: str
    """Of Slurm; empty for the cluster's own choice."""
    poll_seconds: float
    """Between two questions for work."""
    timeout_seconds: float
    """Until the portal counts as silent."""
    limits: Limits


def read(path: Path = PATH) -> Settings:
    """The settings.

    Raises:
        UsageError: something in the file is wrong, or it cannot be read.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"the settings {path}", str(error), _ADVICE) from None
    return of(given, str(path))


def of(given: object, where: str) -> Settings:
    """Settings from data.

    Args:
        given: the keys of the file.
        where: what messages call them.

    Raises:
        UsageError: a key is unknown, missing or has a wrong value.
    """
    table = Table(given, f"the settings {where}", _ADVICE)
    layers = (AUTO, *(each.value for each in Layer))
    made = Settings(
        portal=_address(table),
        name=table.text("name", fits=names.is_worker),
        token_file=Path(table.text("token_file", fits=is_absolute)),
        ca_file=table.text("ca_file", "", fits=_is_absolute_or_empty),
        max_jobs=table.number("max_jobs", 1, least=1, most=10_000),
        mode=table.text("mode", fits=(SLURM, PROCESSES).__contains__),
        spool=Path(table.text("spool", "/var/lib/sciportal-worker", fits=is_absolute)),
        layer=table.text("layer", AUTO, fits=layers.__contains__),
        profile=table.text("profile", "", fits=_is_profile),
        read=table.texts("read", (), fits=is_absolute),
        network=table.truth("network", False),
        partition=table.text("partition", "", fits=is_word),
        poll_seconds=table.seconds("poll_seconds", 5, least=0.1, most=3600),
        timeout_seconds=table.seconds("timeout_seconds", 60, least=0.1, most=3600),
        limits=_limits(table.table("limits", optional=True)),
    )
    table.done()
    return made


def _limits(table: Table) -> Limits:
    usual = Limits()._asdict()
    made = Limits(**{key: table.number(key, value, least=1) for key, value in usual.items()})
    table.done()
    return made


def _is_absolute_or_empty(path: str) -> bool:
    return not path or is_absolute(path)


def _is_profile(name: str) -> bool:
    # As sciportal-confine takes them: a child profile has slashes in its name.
    return bool(re.fullmatch(r"[A-Za-z0-9_./+-]{0,200}", name))


def token(settings: Settings) -> str:
    """The token by which the portal knows this worker.

    Raises:
        UsageError: its file cannot be read, is open to others, or has none in it.
    """
    path = settings.token_file
    wanted = f"the worker's token in {path}"
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise UsageError(wanted, str(error), "put there what the portal's operators gave") from None
    if mode & 0o007:
        raise UsageError(wanted, "everybody on this host can read it", f"chmod o= {path}")
    if not re.fullmatch(r"[A-Za-z0-9._~+/=-]{16,512}", text):
        found = "it does not look like one: 16 to 512 letters, digits and . _ ~ + / = -"
        raise UsageError(wanted, found, "put there what the portal's operators gave")
    return text


def _address(table: Table) -> str:
    text = table.text("portal", fits=_is_address)
    return text.rstrip("/")


def _is_address(text: str) -> bool:
    if not re.fullmatch(r"https?://[!-~]{1,500}", text):
        return False
    parts = urlsplit(text)
    try:
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.query or parts.fragment or "@" in parts.netloc:
        return False
    # A token is not to be seen on a network.
    return parts.scheme == "https" or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

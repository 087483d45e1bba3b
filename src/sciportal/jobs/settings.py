"""The settings of the portal, which its operators write: /etc/sciportal/portal.toml."""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sciportal.jobs import names
from sciportal.jobs.strict import Table
from sciportal.service.errors import UsageError

PATH = "/etc/sciportal/portal.toml"
VARIABLE = "SCIPORTAL_PORTAL_SETTINGS"
"""Of the environment: another path."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

FRONT_END = "front end"
NOBODY = "none"
SLURM = "slurm"
DISPATCH = "dispatch"
BACKENDS = (SLURM, DISPATCH)

_HOUR = 3600.0
_DATABASE = re.compile(r"(?:sqlite:///.+|postgresql(?:\+psycopg)?://.*)")
_BASE = re.compile(r"(?:https?://[A-Za-z0-9._:\[\]-]+)?(?:/[A-Za-z0-9._~-]+)*")
_ORIGIN = re.compile(r"(?:https?://[A-Za-z0-9._:\[\]-]+)?")
_PATH = re.compile(r"/[^\x00-\x1f]*")


@dataclass(frozen=True, slots=True)
class PortalLimits:
    """What users may do; bytes and seconds."""

    upload_bytes: int = 100_000_000
    """Of one submission."""
    jobs_a_user: int = 100
    """That have not ended."""
    anonymous_jobs: int = 5
    """The same for each address from which nobody signed in."""
    results_bytes: int = 2_000_000_000
    """Kept of one job."""
    cpu_seconds: int = 86_400
    file_bytes: int = 1_000_000_000
    total_bytes: int = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, with the defaults that hold where the file is silent."""

    database: str = "sqlite:////var/lib/sciportal-portal/portal.sqlite"
    state_dir: Path = Path("/var/lib/sciportal-portal")
    descriptors: tuple[Path, ...] = (Path("/etc/sciportal/applications"),)
    accounts: Path = Path("/etc/sciportal/portal-accounts.toml")
    secret_file: Path = Path("/etc/sciportal/portal-secret")
    anonymous: bool = False
    """Whether jobs are taken of those who are not signed in."""
    trust: str = FRONT_END
    """Whose identity headers are believed: `front end`, over its socket, or `none`."""
    operators: tuple[str, ...] = ()
    base_url: str = ""
    """Public address of the pages, or its path, without a slash at the end."""
    listener_url: str = ""
    """Which jobs announce themselves to; empty: reconciliation alone."""
    listener_address: str = "127.0.0.1"
    listener_port: int = 8098
    backends: tuple[Network, ...] = ()
    """Networks whose announcements are heard."""
    lease_seconds: float = 60.0
    lost_seconds: float = 900.0
    """After the end of a lease, until the node of a job that had started is taken for dead."""
    reconcile_seconds: float = 60.0
    retry_seconds: float = 15.0
    """After which the keeper tries again what failed for somebody."""
    idempotency_seconds: float = 30 * 24 * _HOUR
    """For which a submission that is made again with its Idempotency-Key gives the same job."""
    limits: PortalLimits = field(default_factory=PortalLimits)
    default_backend: str = SLURM
    services: bool = True
    """Whether people see their services."""
    services_url: str = ""
    """Scheme and host of public services, `/~ACCOUNT/`; empty: their addresses are not shown."""
    services_domain: str = ""
    """The same of those for people who are signed in, without `SERVICE--ACCOUNT.` before it."""
    helper: tuple[str, ...] = ("sudo", "-n", "/opt/sciportal/bin/sciportal-submit")


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in the file that SCIPORTAL_PORTAL_SETTINGS names, or in the usual one.

    Args:
        environment: variables; the process's by default.

    Raises:
        UsageError: the file cannot be read, or says what it may not say.
    """
    return read((os.environ if environment is None else environment).get(VARIABLE) or PATH)


def read(path: str | os.PathLike[str]) -> Settings:
    """The settings in a file.

    Raises:
        UsageError: it cannot be read, or says what it may not say.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        advice = "run the role job_portal, and run this as the portal's account"
        raise UsageError(f"read the settings {path}", str(error), advice) from error
    return parse(text, str(path))


def parse(text: str, name: str = PATH) -> Settings:
    """The settings in their TOML.

    Args:
        text: of the file.
        name: of the file, for errors.

    Raises:
        UsageError: it says what it may not say; keys that are not known are refused.
    """
    wanted, advice = f"read the settings {name}", "correct it, or run the role job_portal"
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(wanted, str(error), advice) from error
    return _settings(Table(data, wanted, advice))


def _settings(table: Table) -> Settings:
    usual = Settings()

    def path(key: str, default: Path) -> Path:
        return Path(table.text(key, str(default), fits=_is_path))

    def address(key: str, default: str, form: re.Pattern[str] = _BASE) -> str:
        return table.text(key, default, fits=lambda text: bool(form.fullmatch(text)))

    folders = table.texts("descriptors", list(map(str, usual.descriptors)), fits=_is_path)
    settings = Settings(
        database=address("database", usual.database, _DATABASE),
        state_dir=path("state_dir", usual.state_dir),
        descriptors=tuple(map(Path, folders)),
        accounts=path("accounts", usual.accounts),
        secret_file=path("secret_file", usual.secret_file),
        anonymous=table.truth("anonymous", usual.anonymous),
        trust=table.text("trust", usual.trust, fits=(FRONT_END, NOBODY).__contains__),
        operators=table.texts("operators", (), fits=names.is_user),
        base_url=address("base_url", usual.base_url),
        listener_url=address("listener_url", usual.listener_url),
        listener_address=table.text("listener_address", usual.listener_address, fits=_is_address),
        listener_port=table.number("listener_port", usual.listener_port, least=1, most=65535),
        backends=tuple(
            ipaddress.ip_network(each) for each in table.texts("backends", (), fits=_is_network)
        ),
        lease_seconds=table.seconds("lease_seconds", usual.lease_seconds, least=0.1, most=_HOUR),
        lost_seconds=table.seconds(
            "lost_seconds", usual.lost_seconds, least=0, most=24 * 30 * _HOUR
        ),
        reconcile_seconds=table.seconds(
            "reconcile_seconds", usual.reconcile_seconds, least=0.1, most=_HOUR
        ),
        retry_seconds=table.seconds("retry_seconds", usual.retry_seconds, least=0.1, most=_HOUR),
        idempotency_seconds=table.seconds(
            "idempotency_seconds", usual.idempotency_seconds, least=_HOUR, most=24 * 366 * _HOUR
        ),
        limits=_limits(table.table("limits", optional=True)),
        default_backend=table.text(
            "default_backend", usual.default_backend, fits=BACKENDS.__contains__
        ),
        services=table.truth("services", usual.services),
        services_url=address("services_url", usual.services_url, _ORIGIN),
        services_domain=address("services_domain", usual.services_domain, _ORIGIN),
        helper=table.texts("helper", usual.helper),
    )
    table.done()
    if not settings.helper:
        raise table.error("helper is empty")
    return settings


def _limits(table: Table) -> PortalLimits:
    usual = PortalLimits()
    limits: dict[str, Any] = {
        key: table.number(key, getattr(usual, key), least=1) for key in PortalLimits.__slots__
    }
    table.done()
    return PortalLimits(**limits)


def _is_path(text: str) -> bool:
    return bool(_PATH.fullmatch(text))


def _is_address(text: str) -> bool:
    return _is(ipaddress.ip_address, text)


def _is_network(text: str) -> bool:
    return _is(ipaddress.ip_network, text)


def _is(form: Any, text: str) -> bool:
    try:
        form(text)
    except ValueError:
        return False
    return True

"""Names of services, of their jobs, and of accounts."""

from __future__ import annotations

import re

from sciportal.service.errors import UsageError

JOB_SUFFIX = "-service"
RESERVED = frozenset({"log"})

_SERVICE = re.compile(r"[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?", re.ASCII)
# useradd(8) allows these; a leading dash or dot would be an option or a hidden path.
_ACCOUNT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", re.ASCII)


def is_service(name: str) -> bool:
    """Whether `name` may name a service: it becomes a file, a job name and part of a host name."""
    return bool(_SERVICE.fullmatch(name)) and "--" not in name and name not in RESERVED


def is_account(name: str) -> bool:
    """Whether `name` has the form of an account's name."""
    return bool(_ACCOUNT.fullmatch(name))


def check_service(name: str) -> str:
    """Return `name` if it may name a service.

    Raises:
        UsageError: it may not.
    """
    if is_service(name):
        return name
    shown = name if len(name) <= 40 else name[:40] + "..."
    raise UsageError(
        "a service name",
        f"{shown!r} is not one",
        "use 1 to 32 of a-z, 0-9 and single dashes, beginning with a letter and not ending"
        " with a dash; 'log' is reserved",
    )


def job_name(service: str) -> str:
    """The name of the Slurm job of `service`."""
    return service + JOB_SUFFIX


def service_of(job: str) -> str | None:
    """The service whose job is named `job`, or None where it is no service's job."""
    name = job.removesuffix(JOB_SUFFIX)
    return name if name != job and is_service(name) else None

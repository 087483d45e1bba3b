"""Names of services, of their jobs, and of accounts."""

from __future__ import annotations

from sciportal.service.errors import UsageError

JOB_SUFFIX = "-service"
RESERVED = frozenset({"log"})

_LONGEST = 32
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_IN_SERVICES = _LETTERS | frozenset("0123456789-")
_CAPITALS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_IN_ACCOUNTS = _IN_SERVICES | _CAPITALS | frozenset("_.")


def is_service(name: str) -> bool:
    """Whether `name` may name a service: it becomes a file, a job name and part of a host name."""
    form = name[:1] in _LETTERS and len(name) <= _LONGEST and _IN_SERVICES.issuperset(name)
    return form and name[-1] != "-" and "--" not in name and name not in RESERVED


def is_account(name: str) -> bool:
    """Whether `name` has the form of an account's name."""
    # useradd(8) allows these; a leading dash or dot would be an option or a hidden path.
    first = name[:1] in _LETTERS | _CAPITALS or name[:1] == "_"
    return first and len(name) <= _LONGEST and _IN_ACCOUNTS.issuperset(name)


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

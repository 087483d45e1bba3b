"""The errors that end an action, each with the exit code of its kind.

Only the command line and the Ansible bridge catch them. Exit codes: 1 failed, 2 usage,
3 not running, 4 unknown, 5 not permitted, 6 busy.
"""

from __future__ import annotations


class ServiceError(Exception):
    """An action could not do what was asked.

    Args:
        wanted: what the action was about to do, as a phrase.
        found: what stood in its way.
        advice: what to do about it, as a phrase.
    """

    exit_code = 1

    def __init__(self, wanted: str, found: str, advice: str) -> None:
        self.wanted = wanted
        self.found = found
        self.advice = advice
        super().__init__(f"{wanted}: {found}; {advice}")


class UsageError(ServiceError):
    """The words of the call, or a file of configuration, are wrong."""

    exit_code = 2


class NotRunningError(ServiceError):
    """The action needs a job and there is none."""

    exit_code = 3


class UnknownError(ServiceError):
    """Slurm did not answer, so nobody knows the state; nothing may be concluded from it."""

    exit_code = 4


class NotPermittedError(ServiceError):
    """The account may not have services."""

    exit_code = 5


class BusyError(ServiceError):
    """Another call holds the lock of the service."""

    exit_code = 6

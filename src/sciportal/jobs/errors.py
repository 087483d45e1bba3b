"""The errors of the portal that its callers tell apart, beside those of `service.errors`."""

from __future__ import annotations

from typing import NamedTuple

from sciportal.service.errors import (
    NotPermittedError,
    NotRunningError,
    ServiceError,
    UnknownError,
    UsageError,
)


class Problem(NamedTuple):
    """What is wrong with one field of what was sent."""

    field: str
    """Parameter or file; empty where it is about the whole."""
    sentence: str


class RejectedError(UsageError):
    """What a user sent does not fit the application.

    Args:
        wanted: what was about to be done.
        problems: all that is wrong, at least one.
        advice: what to do about it.
    """

    def __init__(self, wanted: str, problems: tuple[Problem, ...], advice: str) -> None:
        self.problems = problems
        said = (
            f"{each.field}: {each.sentence}" if each.field else each.sentence for each in problems
        )
        super().__init__(wanted, "; ".join(said), advice)


class TooLargeError(UsageError):
    """More was sent, or came out of a job, than the site takes."""


class ConflictError(ServiceError):
    """The same idempotency key came with another request."""


class QuotaError(NotPermittedError):
    """The owner, or the address, has as many jobs as it may have."""


class NoJobError(NotRunningError):
    """There is no such job."""


class AwayError(UnknownError):
    """The database does not answer; nothing was changed that it did not confirm."""


class NoFileError(NotRunningError):
    """There is no such file of a job."""


class NoRoomError(ServiceError):
    """The portal's disk is full; nothing was kept of what came."""

"""What a failure of any kind is told as."""

from __future__ import annotations

import errno
import logging
import secrets

from werkzeug.exceptions import HTTPException

from sciportal.jobs.errors import (
    AwayError,
    ConflictError,
    NoFileError,
    NoJobError,
    NoRoomError,
    QuotaError,
    RejectedError,
    TooLargeError,
)
from sciportal.jobs.web.problems import ProblemError
from sciportal.service.errors import (
    BusyError,
    NotPermittedError,
    NotRunningError,
    ServiceError,
    UnknownError,
    UsageError,
)

log = logging.getLogger(__name__)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# As SQLite and PostgreSQL say it.
_NO_ROOM = ("disk is full", "No space left on device", "Disk quota exceeded")
_AGAIN = {"Retry-After": "5"}
_STATUSES: tuple[tuple[type[ServiceError], int, str], ...] = (
    (TooLargeError, 413, "too-large"),
    (RejectedError, 422, "rejected"),
    (UsageError, 400, "invalid"),
    (ConflictError, 422, "key"),
    (QuotaError, 429, "quota"),
    (NoJobError, 404, "not-found"),
    (NoFileError, 404, "not-found"),
    (NotPermittedError, 403, "not-permitted"),
    (NotRunningError, 409, "not-running"),
    (UnknownError, 503, "unknown"),
    (BusyError, 503, "busy"),
)
_ADVICE = {
    400: "send a request of the form that /openapi.json describes",
    404: "look at /openapi.json for what there is",
    405: "use one of the methods that the header Allow names",
    408: "send it again, faster",
    413: "send less, or ask the operators for more",
    415: "send one of the media types that /openapi.json names",
}


def problem(error: Exception) -> ProblemError:
    """The problem that is told for `error`; what nobody foresaw is logged with a reference."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, HTTPException):
        return _http(error)
    if isinstance(error, NoRoomError):
        return _full(error)
    if isinstance(error, AwayError):
        return _full(error) if any(each in error.found for each in _NO_ROOM) else _away(error)
    if isinstance(error, ServiceError):
        return _ours(error)
    if isinstance(error, OSError) and error.errno in _FULL:
        return _full(error)
    return _unforeseen(error)


def _ours(error: ServiceError) -> ProblemError:
    errors = error.problems if isinstance(error, RejectedError) else ()
    for kind, status, word in _STATUSES:
        if isinstance(error, kind):
            headers = _AGAIN if status == 503 else None
            words = (error.wanted, error.found, error.advice)
            return ProblemError(status, word, *words, headers, errors)
    return _unforeseen(error)


def _http(error: HTTPException) -> ProblemError:
    status = error.code or 500
    if status < 400:
        status = 404
    advice = _ADVICE.get(status, "mend the request and send it again")
    headers = {
        name: value
        for name, value in error.get_headers()
        if name in ("Allow", "Content-Range", "Retry-After")
    }
    found = (error.description or error.name).strip().rstrip(".").replace("\n", " ")
    return ProblemError(status, f"http-{status}", "the request", found, advice, headers)


def _full(error: Exception) -> ProblemError:
    log.error("the disk is full: %s", error)
    advice = "nothing was accepted; try again later, the operators can see it in the log"
    found = "the portal's disk is full"
    return ProblemError(507, "disk-full", "the request", found, advice, {"Retry-After": "60"})


def _away(error: Exception) -> ProblemError:
    log.error("the database is away: %s", error)
    found, advice = "the portal's database does not answer", "try again in some seconds"
    return ProblemError(503, "database", "the request", found, advice, _AGAIN)


def _unforeseen(error: Exception) -> ProblemError:
    reference = secrets.token_hex(4)
    log.error("unforeseen, %s", reference, exc_info=error)
    found = f"something went wrong in the portal, reference {reference}"
    return ProblemError(500, "internal", "the request", found, "tell the operators the reference")

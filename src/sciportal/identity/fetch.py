"""Files from elsewhere, in bounds."""

from __future__ import annotations

import urllib.error
import urllib.request

from sciportal.service.errors import ServiceError

_TIMEOUT = 30.0
_MOST = 1 << 26


def is_url(text: str) -> bool:
    """Whether this is an address and not a path."""
    return text.startswith(("http://", "https://"))


def fetch(wanted: str, url: str) -> bytes:
    """What is at an address.

    Args:
        wanted: what it is, for the message.
        url: an http or https one.

    Raises:
        ServiceError: it cannot be had, or is too long.
    """
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:  # noqa: S310  # is_url
            data: bytes = answer.read(_MOST + 1)
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise ServiceError(wanted, f"{url}: {reason}", "see that this host reaches it") from error
    if len(data) > _MOST:
        raise ServiceError(wanted, f"{url} is longer than {_MOST} bytes", "see what is there")
    return data

"""Requests that a page of somebody else makes a visitor's browser send are refused.

A browser says where a request is from: in Sec-Fetch-Site, or in Origin. Behind that stands a second
wall for those that say neither: what can be sent from elsewhere without the browser asking first
(a form, or nothing at all) must bring the visitor's token or come from a program.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from sciportal.jobs.web.auth import TOKEN, Identity
from sciportal.jobs.web.problems import ProblemError

FIELD = "csrf"
HEADER = "X-CSRF-Token"
LIFETIME = 12 * 3600
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})
# A page elsewhere cannot make a browser send this without asking this server first.
_ASKED_FIRST = ("application/json", "application/problem+json")


def token(secret: bytes, identity: Identity, now: float) -> str:
    """What a form of ours carries; good for `LIFETIME` seconds, for this visitor.

    Args:
        secret: of this site.
        identity: for whom.
        now: seconds since 1970.
    """
    until = int(now) + LIFETIME
    return f"{until}.{_sum(secret, identity, until)}"


def holds(secret: bytes, identity: Identity, given: str, now: float) -> bool:
    """Whether `given` is a token of this visitor that has not expired."""
    until, _dot, found = given[:200].partition(".")
    if not (until.isascii() and until.isdigit() and len(until) <= 12 and found.isascii()):
        return False
    return now < int(until) and hmac.compare_digest(_sum(secret, identity, int(until)), found)


def judge_origin(environ: Mapping[str, Any], base_url: str) -> None:
    """Refuse what a browser sends for a page that is not ours.

    Args:
        environ: of WSGI.
        base_url: of this portal; beside it, it is at the host that the request names.

    Raises:
        ProblemError: it is from elsewhere.
    """
    if environ["REQUEST_METHOD"] in _SAFE:
        return
    site = environ.get("HTTP_SEC_FETCH_SITE")
    origin = environ.get("HTTP_ORIGIN")
    hosts = {_host(base_url), str(environ.get("HTTP_HOST", "")).lower()} - {""}
    if (site is not None and site not in _OWN) or (
        origin is not None and _host(str(origin)) not in hosts
    ):
        raise _refused("the request was made by a page of another site")


def needs_token(environ: Mapping[str, Any], identity: Identity) -> bool:
    """Whether the request is only believed with a token of ours in it."""
    if environ["REQUEST_METHOD"] in _SAFE or environ["REQUEST_METHOD"] == "DELETE":
        return False
    media = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    if media in _ASKED_FIRST or "HTTP_IDEMPOTENCY_KEY" in environ:
        return False
    # A token is nothing that a browser adds; an address is, but then it says that it is a browser.
    ambient = identity.source not in ("", TOKEN)
    return ambient or "HTTP_SEC_FETCH_SITE" in environ or "HTTP_ORIGIN" in environ


def refuse_token() -> ProblemError:
    """The token of a form is missing, somebody else's, or too old."""
    return _refused("it carries no valid token of a page of ours")


def _host(url: str) -> str:
    scheme, _colon, rest = url.partition("://")
    return rest.partition("/")[0].lower() if scheme.lower() in ("http", "https") else ""


def _sum(secret: bytes, identity: Identity, until: int) -> str:
    whose = f"csrf\0{identity.user}\0{'' if identity.user else identity.origin}\0{until}"
    made = hmac.new(secret, whose.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _refused(found: str) -> ProblemError:
    return ProblemError(
        403,
        "forged",
        "a change",
        found,
        "load the page anew and try again; a program sends JSON, an Idempotency-Key or a token",
    )

"""Who asks: a person that the front end vouches for, somebody at an address, a worker.

The contract of the headers is the front end's (docs/operators/identity.md). They are believed only
where nothing but the front end can have sent them.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import socket
from collections.abc import Mapping
from typing import Any

from sciportal.jobs import names
from sciportal.jobs.web.problems import ProblemError
from sciportal.light import NamedTuple

USER = "HTTP_X_SHIB_USERID"
SOURCE = "HTTP_X_IDENTITY_SOURCE"
TOKEN = "token"  # noqa: S105  # a word, no secret
_SOURCES = frozenset({"shibboleth", "certificate", TOKEN})
_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/=-]{16,512})", re.ASCII | re.IGNORECASE)
# What waitress says where a request came over a Unix socket; a TCP peer has a number.
_LOCAL = ("", "localhost")
# A household of IPv6 has so many bits of address to itself (RFC 6177).
_OF_ONE = 64


class Identity(NamedTuple):
    """Who asks."""

    user: str
    """Empty for somebody who is known by address only."""
    origin: str
    """The address, for IPv6 its network; empty where it is not known."""
    source: str
    """shibboleth, certificate or token; empty for nobody."""
    operator: bool


def from_front_end(environ: Mapping[str, Any], sockets: bool) -> bool:
    """Whether only the front end can have made the request.

    Args:
        environ: of WSGI.
        sockets: whether all sockets of the server are Unix sockets, where it says so.
    """
    if "uwsgi.version" in environ:
        return sockets
    return "mod_wsgi.version" in environ or environ.get("REMOTE_ADDR", "") in _LOCAL


def unix_only(descriptors: list[int]) -> bool:
    """Whether these sockets, of which there is one at least, are all Unix sockets."""
    families = set()
    for each in descriptors:
        listening = socket.socket(fileno=each)
        families.add(listening.family)
        listening.detach()
    return families == {socket.AF_UNIX}


def origin(environ: Mapping[str, Any], *, trusted: bool) -> str:
    """Whose quota an unnamed visitor uses.

    Args:
        environ: of WSGI.
        trusted: whether the front end made the request, which says the visitor's address last.
    """
    address = str(environ.get("REMOTE_ADDR", ""))
    if trusted:
        forwarded = str(environ.get("HTTP_X_FORWARDED_FOR", ""))
        address = forwarded.rpartition(",")[2].strip() or address
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found), _OF_ONE), strict=False))
    return str(found)


def visitor(
    environ: Mapping[str, Any], *, trusted: bool, anonymous: bool, operators: tuple[str, ...]
) -> Identity:
    """Who asks.

    Args:
        environ: of WSGI.
        trusted: whether the headers of the front end may be believed.
        anonymous: whether the site lets people in whom it does not know.
        operators: names of those who may see and do everything.

    Raises:
        ProblemError: nobody who may ask, or a name that cannot be one.
    """
    address = origin(environ, trusted=trusted)
    user = str(environ.get(USER, "")) if trusted else ""
    if user:
        source = str(environ.get(SOURCE, ""))
        if not names.is_user(user) or source not in _SOURCES:
            found = "the front end names a user or a source that this portal does not know"
            advice = "ask the operators to compare the rules of the front end with the portal's"
            raise ProblemError(403, "identity", "your identity", found, advice)
        return Identity(user, address, source, user in operators)
    if anonymous and address:
        return Identity("", address, "", operator=False)
    raise ProblemError(
        401,
        "sign-in",
        "the job portal",
        "you are not signed in",
        "sign in at the front end, or send a token of yours",
        {"WWW-Authenticate": 'Bearer realm="jobs"'},
    )


def worker_sum(environ: Mapping[str, Any]) -> str:
    """The SHA-256, in hexadecimal, of the token that a worker sent.

    Raises:
        ProblemError: it sent none.
    """
    given = _BEARER.fullmatch(str(environ.get("HTTP_AUTHORIZATION", "")))
    if not given:
        raise not_a_worker("there is no Authorization: Bearer with a token of a worker")
    return hashlib.sha256(given[1].encode()).hexdigest()


def not_a_worker(found: str) -> ProblemError:
    """Who asks for work is none of this portal's workers."""
    advice = "give the worker the token that the operators made for it"
    headers = {"WWW-Authenticate": 'Bearer realm="workers"'}
    return ProblemError(401, "worker", "work for a worker", found, advice, headers)

"""Tokens with which jobs announce themselves: opaque to them, made and checked by the portal alone.

A token names a job and an attempt and proves it; what else makes it void - the job has ended, or
began anew - is the store's knowledge.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct

from sciportal.light import NamedTuple

LENGTH = 43
_FORM = struct.Struct(">QI")
_PROOF = 20
_PURPOSE = b"sciportal: announcement of a job\0"


class Bearer(NamedTuple):
    """Whose a token is."""

    job: int
    attempt: int


def make(secret: bytes, job: int, attempt: int) -> str:
    """The token of one attempt of a job: `LENGTH` signs of A-Z a-z 0-9 - and _.

    Args:
        secret: of this site.
        job: its number.
        attempt: from 1.
    """
    named = _FORM.pack(job, attempt)
    return base64.urlsafe_b64encode(named + _proof(secret, named)).decode().rstrip("=")


def read(secret: bytes, token: str) -> Bearer | None:
    """Whose `token` is; None if it is nobody's.

    Args:
        secret: of this site.
        token: what was sent.
    """
    if len(token) != LENGTH or not token.isascii():
        return None
    try:
        whole = base64.b64decode(token + "=", altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    bearer = Bearer(*_FORM.unpack_from(whole))
    # The text is compared, since several texts stand for the same bytes.
    return bearer if hmac.compare_digest(make(secret, *bearer), token) else None


def _proof(secret: bytes, named: bytes) -> bytes:
    return hmac.new(secret, _PURPOSE + named, hashlib.sha256).digest()[:_PROOF]

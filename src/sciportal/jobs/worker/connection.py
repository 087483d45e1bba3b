"""HTTPS outwards: certificates are checked, proxies are the environment's, nothing redirects."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Any, NamedTuple

from sciportal.service.errors import ServiceError, UnknownError, UsageError

_CHUNK = 1 << 16
_ANSWER_BYTES = 64 << 20
_ADVICE = "it is asked again; see that it runs and can be reached from here"


class RefusedError(ServiceError):
    """The portal answered, and will not do it.

    Args:
        status: HTTP's.
        wanted: as for every ServiceError, and so on.
    """

    def __init__(self, status: int, wanted: str, found: str, advice: str) -> None:
        super().__init__(wanted, found, advice)
        self.status = status


class DamagedError(ServiceError):
    """A file came, and is not what it should be."""


class _Unbroken(http.client.HTTPConnection):
    """A connection that reads the answer also where the other side did not take the whole request.

    A server that refuses a large body answers and closes; what it said is still to be read.
    """

    def send(self, data: Any) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            super().send(data)


class _UnbrokenTLS(_Unbroken, http.client.HTTPSConnection):
    """The same, over TLS."""


class _Plain(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Unbroken, req)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._mine = context

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_UnbrokenTLS, req, context=self._mine)


class _Here(urllib.request.HTTPRedirectHandler):
    """The token goes to the portal and to nobody that it names."""

    def redirect_request(self, *_given: Any) -> None:
        return None


class Body(NamedTuple):
    """What is sent."""

    type: str
    length: int
    data: Iterable[bytes]


class Connection:
    """The way to a portal; may be used by many threads.

    Args:
        base: address of the portal.
        token: that it knows us by.
        ca_file: authorities to check its certificate with; empty for the system's.
        timeout: seconds until it counts as silent.

    Raises:
        UsageError: the authorities cannot be read.
    """

    def __init__(self, base: str, token: str, ca_file: str, timeout: float) -> None:
        self._base = base
        self._timeout = timeout
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": "sciportal-worker"}
        try:
            context = ssl.create_default_context(cafile=ca_file or None)
        except (OSError, ssl.SSLError) as error:
            advice = "name a file of certificates in ca_file"
            raise UsageError(f"the authorities in {ca_file}", str(error), advice) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._opener = urllib.request.build_opener(_Plain(), _Secure(context), _Here())

    def ask(self, path: str, given: dict[str, Any]) -> dict[str, Any]:
        """Send an object and get one.

        Raises:
            UnknownError: there was no answer; nobody knows whether it was done.
            RefusedError: it was not done.
        """
        text = json.dumps(given).encode()
        return self.send(path, Body("application/json", len(text), [text]))

    def send(self, path: str, body: Body) -> dict[str, Any]:
        """Send a body and get an object. Raises as `ask`."""
        wanted = f"POST {path}"
        headers = {"Content-Type": body.type, "Content-Length": str(body.length)}
        with self._open(path, wanted, headers, body.data) as answer:
            deadline = time.monotonic() + 2 * self._timeout
            data = bytearray()
            for part in _parts(answer, wanted):
                data += part
                if len(data) > _ANSWER_BYTES or time.monotonic() > deadline:
                    raise UnknownError(wanted, "the answer did not end", _ADVICE)
        try:
            said = json.loads(data)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            found = f"the answer is no JSON object but {bytes(data[:80])!r}"
            raise UnknownError(wanted, found, "see whether `portal` leads to the portal")
        return said

    def fetch(self, path: str, into: IO[bytes], size: int) -> None:
        """Get a file.

        Args:
            path: where the portal has it.
            into: where it goes.
            size: bytes that it has.

        Raises:
            UnknownError: it did not come.
            DamagedError: it is longer or shorter.
            RefusedError: the portal does not give it.
            OSError: it could not be written.
        """
        wanted = f"GET {path}"
        with self._open(path, wanted, {}, None) as answer:
            got = 0
            for part in _parts(answer, wanted):
                got += len(part)
                if got > size:
                    break
                into.write(part)
        if got != size:
            found = f"it is not of {size} bytes" if got > size else f"{got} bytes of {size} came"
            raise DamagedError(wanted, found, "it is asked for again")

    def _open(
        self, path: str, wanted: str, headers: dict[str, str], data: Iterable[bytes] | None
    ) -> Any:
        request = urllib.request.Request(  # noqa: S310  # the settings allow https, and loopback
            self._base + path, data, {**self._headers, **headers, "Accept": "application/json"}
        )
        try:
            return self._opener.open(request, timeout=self._timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise _judged(error, wanted) from None
        except urllib.error.URLError as error:
            raise UnknownError(wanted, f"no answer: {error.reason}", _ADVICE) from None
        except (OSError, http.client.HTTPException) as error:
            raise UnknownError(wanted, f"no answer: {error!r}", _ADVICE) from None


def _parts(answer: Any, wanted: str) -> Iterable[bytes]:
    while True:
        try:
            part = answer.read(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise UnknownError(wanted, f"the answer broke off: {error!r}", _ADVICE) from None
        if not part:
            return
        yield part


def _judged(error: urllib.error.HTTPError, wanted: str) -> ServiceError:
    found = f"the portal answered {error.code}"
    with suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
        problem = json.loads(error.read(_CHUNK))
        found += f": {str(problem.get('detail') or problem.get('title'))[:500]}"
    if error.code >= 500 or error.code in (408, 425, 429):
        return UnknownError(wanted, found, _ADVICE)
    advice = "see that the portal knows this worker's token"
    return RefusedError(error.code, wanted, found, advice)

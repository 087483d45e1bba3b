"""Requests over Unix sockets: in HTTP, and in uwsgi's protocol as the front end speaks it.

https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html
"""

from __future__ import annotations

import base64
import json
import statistics
import struct
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from batch.own_slurm import OwnSlurm
from bench.load import UNKNOWN

_SERVER = "portal.example.org"
_JSON = "application/json"
_PROGRAM = Path(__file__).with_name("load.py")


class Target(NamedTuple):
    """Who is asked, and what every request says."""

    cluster: OwnSlurm
    """In whose namespaces it is."""
    user: str
    """Who asks: slurmrestd hears the account whose it is."""
    socket: str
    """Path of its Unix socket."""
    uwsgi: bool
    """Whether it speaks uwsgi's protocol; HTTP/1.1 otherwise."""
    headers: Mapping[str, str] = {}

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        accept: str = "*/*",
        *,
        repeated: bool = False,
    ) -> bytes:
        """The bytes of a request, which may be sent any number of times.

        Args:
            method: GET or POST.
            path: with its query.
            body: becomes JSON; None for none.
            accept: what is wanted.
            repeated: whether a client that has an answer says so the next time, as pages do.
        """
        data = b"" if body is None else json.dumps(body).encode()
        headers = {**self.headers, "Accept": accept}
        if repeated:
            headers["If-None-Match"] = UNKNOWN.decode()
        make = _uwsgi if self.uwsgi else _http
        return make(method, path, headers, len(data)) + data

    def load(
        self,
        requests: Sequence[bytes],
        seconds: float = 0.0,
        *,
        clients: int = 1,
        waits: float = 0.0,
    ) -> Load:
        """Have clients send requests for some seconds, see `load.py`."""
        process = self.begin(requests, seconds, clients=clients, waits=waits)
        return ended(process)

    def begin(
        self, requests: Sequence[bytes], seconds: float, *, clients: int, waits: float
    ) -> subprocess.Popen[str]:
        """The same, without waiting for its end: that is what `ended` is for."""
        order = {
            "socket": self.socket,
            "requests": [base64.b64encode(each).decode() for each in requests],
            "clients": clients,
            "seconds": seconds,
            "waits": waits,
        }
        process = subprocess.Popen(
            self.cluster.words(["/usr/bin/python3", str(_PROGRAM)], self.user),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin
        process.stdin.write(json.dumps(order))
        process.stdin.close()
        process.stdin = None
        return process


class Load(NamedTuple):
    """What came of it."""

    a_second: float
    """Answers."""
    took: Sequence[float]
    """Seconds of each."""
    last: str

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.took)

    @property
    def json(self) -> Any:
        """The last answer."""
        return json.loads(self.last)


def ended(process: subprocess.Popen[str]) -> Load:
    """What came of a load that was begun, when it is over.

    Raises:
        RuntimeError: an answer was none of success.
    """
    said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError("a request failed, see above")
    return Load(**json.loads(said))


def _http(method: str, path: str, headers: Mapping[str, str], size: int) -> bytes:
    body = {"Content-Type": _JSON, "Content-Length": str(size)} if size else {}
    given = {"Host": _SERVER, "Connection": "close", **headers, **body}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()


def _uwsgi(method: str, path: str, headers: Mapping[str, str], size: int) -> bytes:
    before, _mark, query = path.partition("?")
    variables = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": path,
        "PATH_INFO": before,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": _SERVER,
        "SERVER_PORT": "443",
        "REMOTE_ADDR": "192.0.2.1",
        "CONTENT_TYPE": _JSON if size else "",
        "CONTENT_LENGTH": str(size) if size else "",
        "HTTP_HOST": _SERVER,
        "HTTP_X_FORWARDED_PROTO": "https",
        **{f"HTTP_{name.upper().replace('-', '_')}": headers[name] for name in headers},
    }
    block = b"".join(_counted(name) + _counted(value) for name, value in variables.items())
    return struct.pack("<BHB", 0, len(block), 0) + block


def _counted(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<H", len(data)) + data

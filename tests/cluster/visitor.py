"""Requests written by hand: libraries would mend what is hostile."""

from __future__ import annotations

import base64
import json
import os
import socket
import urllib.parse
from typing import Any, NamedTuple

from cluster.testbed import Cluster


class Answer(NamedTuple):
    """An answer to a request written by hand."""

    status: int
    head: str
    body: bytes

    @property
    def seen(self) -> dict[str, Any]:
        """What the echo service says that it got."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the echo service got."""
        return dict(self.seen["headers"])


def connect(cluster: Cluster) -> socket.socket:
    """A connection to the web host."""
    url = urllib.parse.urlsplit(cluster.url)
    return socket.create_connection((url.hostname, url.port), timeout=15)


def ask(cluster: Cluster, path: str, *headers: str, method: str = "GET", body: str = "") -> Answer:
    """Send exactly this path, these headers and this body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: pages.test", "Connection: close", *headers, ""]
    return say(cluster, "\r\n".join([*lines, body]))


def say(cluster: Cluster, request: str) -> Answer:
    """Send exactly these characters, one byte each."""
    with connect(cluster) as connection:
        connection.sendall(request.encode("latin-1"))
        whole = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = whole.partition(b"\r\n\r\n")
    return Answer(int(head.split()[1]), head.decode(errors="replace"), body)


def handshake(cluster: Cluster, path: str, *texts: bytes) -> tuple[int, list[bytes]]:
    """Open a WebSocket, say each text of fewer than 126 bytes, and return what came back."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: pages.test",
        "Upgrade: websocket",
        "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        "",
        "",
    ]
    with connect(cluster) as connection, connection.makefile("rb") as stream:
        connection.sendall("\r\n".join(lines).encode())
        status = int(stream.readline().split()[1])
        while stream.readline().strip():
            pass
        said = []
        for text in texts if status == 101 else ():
            mask = os.urandom(4)
            masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
            connection.sendall(bytes([0x81, 0x80 | len(text)]) + mask + masked)
            said.append(stream.read(stream.read(2)[1]))
    return status, said

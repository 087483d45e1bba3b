#!/usr/bin/env python3
"""A custom service that tells its visitors what arrived: each stage does nothing but `main`.

`.../status/N` answers N, `.../die` ends the connection instead of answering, a WebSocket
handshake gets a WebSocket that says each short text again, and everything else gets the request
as JSON.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONNECTIONS = itertools.count(1)
# RFC 6455, section 1.3.
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Longer than the front end keeps an idle connection.
    timeout = 30

    def setup(self) -> None:
        """Count the connection."""
        super().setup()
        self.number = next(CONNECTIONS)

    def do_GET(self) -> None:
        """Answer a request."""
        path = self.path.partition("?")[0]
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.websocket()
        elif path.endswith("/die"):
            self.close_connection = True
        elif "/status/" in path:
            self.answer(int(path.rpartition("/")[2]), b"the service's own words\n")
        else:
            seen = {
                "method": self.command,
                "path": self.path,
                "headers": [[name.lower(), value] for name, value in self.headers.items()],
                "body": self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(),
                "connection": self.number,
                "service": os.environ.get("SERVICE"),
            }
            self.answer(200, json.dumps(seen).encode())

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - as above

    def answer(self, status: int, body: bytes) -> None:
        """Send a whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def websocket(self) -> None:
        """Say each text of fewer than 126 bytes again, until the other side closes."""
        key = self.headers["Sec-WebSocket-Key"] + GUID
        accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest())
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept.decode())
        self.end_headers()
        self.close_connection = True
        while head := self.rfile.read(2):
            length, mask = head[1] & 127, self.rfile.read(4)
            text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.rfile.read(length)))
            self.wfile.write(bytes([0x81, length]) + text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__" and sys.argv[1:] == ["main"]:
    ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()

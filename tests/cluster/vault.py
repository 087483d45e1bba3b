#!/usr/bin/env python3
"""A service that hostile pages would like to use: it believes whoever reaches it.

It writes down what reached it, with the visitor that the front end named, and tells `/hits`. It
lets pages of any origin read its answers, so that nothing but the front end keeps them away.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HITS: list[dict[str, str]] = []
TREASURE = "what only bob may see"
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the treasure."""
        url = urlsplit(self.path)
        way = parse_qs(url.query).get("way", [""])[0]
        if way:
            site = self.headers.get("Sec-Fetch-Site", "")
            user = self.headers.get("X-Shib-Userid", "")
            HITS.append({"way": way, "user": user, "site": site, "method": self.command})
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.websocket()
            return
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        text = json.dumps(HITS) if url.path == "/hits" else f"<title>Vault</title><p>{TREASURE}</p>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
        self.send_header("Access-Control-Allow-Credentials", "true")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    do_POST = do_GET  # noqa: N815 - as above

    def websocket(self) -> None:
        """Say the treasure."""
        key = self.headers["Sec-WebSocket-Key"] + GUID
        accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest())
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept.decode())
        self.end_headers()
        self.close_connection = True
        self.wfile.write(bytes([0x81, len(TREASURE)]) + TREASURE.encode())
        self.rfile.read(2)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__" and sys.argv[1:] == ["main"]:
    ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()

"""Sends requests again and again over a Unix socket; run inside a cluster, standard library only.

Standard input is a JSON object: the path of the `socket`; `requests`, the bytes of each in Base64;
how many `clients` there are, of which each sends one of them, over a connection of its own each
time; for how many `seconds` (each does so once at least); and how long each `waits` before the
next. Where a request says `UNKNOWN`, the client puts the entity tag of the answer before in its
place, which has as many characters, and 304 is an answer, too.

Standard output: the seconds that each answer `took`, how many came `a_second`, and the body of the
`last`.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_READ = 1 << 16
_SECONDS = 120.0
_AGAIN = 0.001
UNKNOWN = b'"000000000000000000000000"'
_TAG = re.compile(rb'\r\netag: *("[0-9a-f]{24}")', re.IGNORECASE)


def main() -> int:
    """Do what standard input says."""
    order: dict[str, Any] = json.load(sys.stdin)
    requests = [base64.b64decode(each) for each in order["requests"]]
    clients, waits = order["clients"], order["waits"]
    begun = time.monotonic()
    end = begun + order["seconds"]
    took: list[float] = []
    last = [b""]

    def send(client: int) -> None:
        # Not all at the same moment.
        time.sleep(waits * client / clients)
        request, known = requests[client % len(requests)], UNKNOWN
        while True:
            at = time.monotonic()
            last[0], known = _answer(order["socket"], request.replace(UNKNOWN, known), known)
            took.append(time.monotonic() - at)
            if time.monotonic() + waits >= end:
                return
            time.sleep(waits)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(send, range(clients)))
    rate = len(took) / (time.monotonic() - begun)
    json.dump({"took": took, "a_second": rate, "last": last[0].decode()}, sys.stdout)
    return 0


def _answer(path: str, request: bytes, known: bytes) -> tuple[bytes, bytes]:
    """The body of the answer, which has to be one of success, and its tag or the one before."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(_SECONDS)
        _connect(asked, path)
        asked.sendall(request)
        came = b""
        while b"\r\n\r\n" not in came and (part := asked.recv(_READ)):
            came += part
        head, _blank, body = came.partition(b"\r\n\r\n")
        if not re.match(rb"HTTP/1.[01] (2|304)", head):
            sys.exit(f"{path} answered {head!r}: {body[:1000]!r}")
        tag = _TAG.search(head)
        # slurmrestd writes more than it says, where it is told to close.
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        size = int(length[1]) if length else sys.maxsize
        while len(body) < size and (part := asked.recv(_READ)):
            body += part
    return body[:size], tag[1] if tag else known


def _connect(asked: socket.socket, path: str) -> None:
    while True:
        try:
            asked.connect(path)
        except BlockingIOError:
            # As many as may wait there do.
            time.sleep(_AGAIN)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())

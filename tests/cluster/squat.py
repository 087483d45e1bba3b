"""Programs on the ports of services, and those who connect to them, whoever they are."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Any, NamedTuple

from cluster.testbed import NODES, Cluster

BIG = 2_000_000
IPV4, IPV6 = "0.0.0.0", "::"  # noqa: S104 - on hosts of the test cluster
EVERYWHERE = (IPV4, IPV6)

# Answers a line: `big` with 2 MB and the end, `hold` by saying each further line again, anything
# else with a page.
SERVER = """\
import os, socket, sys, threading

def serve(connection):
    with connection:
        lines = connection.makefile("rb")
        words = lines.readline().split()
        if words == [b"big"]:
            connection.sendall(b"x" * 2_000_000)
        elif words == [b"hold"]:
            connection.sendall(b"held\\n")
            for line in lines:
                connection.sendall(line)
        else:
            while lines.readline().strip():
                pass
            body = WHO.encode()
            head = b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n"
            connection.sendall(head % len(body) + body)

def listen(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.socket(family)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.bind((address, port))
    server.listen(200)
    return server

def accept(server):
    while True:
        threading.Thread(target=serve, args=[server.accept()[0]], daemon=True).start()

WHO, port, *addresses = sys.argv[1:]
servers = [listen(address, int(port)) for address in addresses]
print("listens", os.getpid(), flush=True)
for server in servers[1:]:
    threading.Thread(target=accept, args=[server], daemon=True).start()
accept(servers[0])
"""

# One connection: says a line, reads to the end (slowly if told to), and reports.
VISIT = """\
import json, socket, sys, time

host, port, line, slow = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4] == "slow"
found = {"bytes": 0, "text": "", "error": ""}
begun = time.monotonic()
try:
    address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(address[0]) as connection:
        if slow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        connection.settimeout(8)
        connection.connect(address[4])
        found["connected"] = True
        connection.sendall(line.encode() + b"\\r\\n\\r\\n")
        while chunk := connection.recv(8192):
            found["bytes"] += len(chunk)
            found["text"] = (found["text"] + chunk[-200:].decode())[-200:]
            if slow:
                time.sleep(0.002)
except OSError as error:
    found["error"] = type(error).__name__
found["seconds"] = round(time.monotonic() - begun, 3)
print(json.dumps(found))
"""

# A custom service of alice that runs SERVER.
SERVICE = f"""\
#!/bin/sh
[ "$1" = main ] || exit 0
exec python3 -c '{SERVER}' "alice answers" "$PORT" ADDRESSES
"""

# Connects, and sends each line of its standard input, as long as the connection lives.
HOLD = """\
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 8) as connection:
    lines = connection.makefile("rb")
    connection.sendall(b"hold\\n")
    print(lines.readline().decode().strip(), flush=True)
    for line in sys.stdin:
        connection.sendall(line.encode())
        print(lines.readline().decode().strip(), flush=True)
"""


class Visit(NamedTuple):
    """What somebody got who connected."""

    bytes: int
    text: str
    error: str
    seconds: float

    @property
    def refused(self) -> bool:
        """Whether the port said at once that it is closed."""
        return self.error == "ConnectionRefusedError" and self.bytes == 0


def visit(
    cluster: Cluster,
    source: str,
    who: str,
    target: str,
    port: int,
    line: str = "GET / HTTP/1.0",
    pace: str = "fast",
) -> Visit:
    """Connect as an account of a host, and read what comes."""
    argv = ["runuser", "-u", who, "--", "python3", "-c", VISIT, target, str(port), line, pace]
    found: dict[str, Any] = cluster.run(source, argv).json()
    return Visit(found["bytes"], found["text"], found["error"], found["seconds"])


def owners(cluster: Cluster, node: str) -> str:
    """The set of owners of a node."""
    argv = ["nft", "--numeric", "list", "set", "inet", "sciportal_guard", "owners"]
    return cluster.run(node, argv, check=False).out


class Squatter:
    """A program of an account that listens on a port which is not its own.

    Args:
        cluster: where.
        node: on which host.
        port: on which port.
        addresses: which addresses it takes.
        user: whose it is.
    """

    def __init__(
        self,
        cluster: Cluster,
        node: str = NODES[0],
        port: int = 0,
        addresses: Sequence[str] = EVERYWHERE,
        user: str = "bob",
    ) -> None:
        self._cluster = cluster
        self._node = node
        argv = ["timeout", "60", "python3", "-c", SERVER, f"{user} squats", str(port), *addresses]
        self._process = cluster.start(node, argv, user=user)
        assert self._process.stdout
        said = self._process.stdout.readline().split()
        self.pid = said[1] if said[:1] == ["listens"] else ""
        """Its process; empty where it could not listen."""

    def __enter__(self) -> Squatter:
        return self

    def __exit__(self, *_: object) -> None:
        if self.pid:
            self._cluster.run(self._node, ["kill", "-KILL", self.pid], check=False)
        self._process.communicate(timeout=20)


class Holder:
    """An open connection of the web host to a service."""

    def __init__(self, cluster: Cluster, source: str, target: str, port: int) -> None:
        argv = ["runuser", "-u", "www-data", "--", "python3", "-c", HOLD, target, str(port)]
        self._process = subprocess.Popen(
            [*cluster.prefix(source, None), *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._in, self._out = self._process.stdin, self._process.stdout
        self.said = self._out.readline().strip()

    def __enter__(self) -> Holder:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)

    def says(self, word: str) -> str:
        """What the service answers to a word."""
        self._in.write(f"{word}\n")
        self._in.flush()
        return self._out.readline().strip()

"""No new connections to a program that is about to end."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from sciportal.service import door

# It listens, accepts one connection for each line it gets, and answers it.
_SERVER = """
import socket, sys
server = socket.create_server(("{address}", 0), family=socket.{family}, backlog=8)
print(server.getsockname()[1], flush=True)
for line in sys.stdin:
    connection, _ = server.accept()
    connection.sendall(b"served")
    connection.close()
"""


class Server(NamedTuple):
    """A program that listens."""

    process: subprocess.Popen[str]
    address: str
    port: int

    def knock(self, timeout: float = 5) -> socket.socket:
        return socket.create_connection((self.address, self.port), timeout)

    def accept(self, times: int) -> None:
        assert self.process.stdin
        self.process.stdin.write("next\n" * times)
        self.process.stdin.flush()


@pytest.fixture(params=["AF_INET", "AF_INET6"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    address = "127.0.0.1" if request.param == "AF_INET" else "::1"
    code = _SERVER.format(address=address, family=request.param)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield Server(process, address, int(process.stdout.readline()))
        process.kill()


def test_who_waits_is_let_in_and_who_comes_later_is_not(server: Server) -> None:
    waiting = [server.knock() for _ in range(3)]
    server.accept(3)
    assert door.shut(server.process.pid, server.port)
    assert [each.recv(10) for each in waiting] == [b"served"] * 3
    with pytest.raises(ConnectionRefusedError):
        server.knock()


def test_who_was_not_accepted_in_time_is_reported(server: Server) -> None:
    waiting = server.knock()
    assert not door.shut(server.process.pid, server.port, seconds=0.2)
    # It is still there for whoever accepts it later.
    server.accept(1)
    assert waiting.recv(10) == b"served"


def test_a_program_that_listens_elsewhere_is_left_alone(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert not door.shut(server.process.pid, other.getsockname()[1])
    server.accept(1)
    assert server.knock().recv(10) == b"served"


def test_a_program_that_has_gone_is_no_error(server: Server) -> None:
    server.process.kill()
    server.process.wait()
    assert not door.shut(server.process.pid, server.port)

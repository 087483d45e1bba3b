"""A wire between worker and portal, which tests cut."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress

_CHUNK = 65536
_HEADER = 5
_APPLICATION_DATA = 23


class Wire:
    """A TCP proxy on a port of its own.

    Args:
        port: the portal's, on this host.
        address: to listen on.
        is_tls: whether TLS 1.3 is spoken.
    """

    def __init__(self, port: int, address: str = "127.0.0.1", *, is_tls: bool = True) -> None:
        self._target = port
        self._is_tls = is_tls
        self._socket = socket.create_server((address, 0))
        self.port: int = self._socket.getsockname()[1]
        self.is_cut = False
        self.loses = 0
        """How many answers are still to be lost, after their requests were answered."""
        self.spares = 0
        """How many come through before each of these."""
        self.lost = 0
        """Answers that were not let through."""
        self._spared = 0
        self._guard = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, suppress(OSError):
            if self.is_cut:
                return
            with socket.create_connection(("127.0.0.1", self._target), 10) as far:
                self._between(near, far)

    def _between(self, near: socket.socket, far: socket.socket) -> None:
        records = Records()
        asked = holds = is_lost = False
        with selectors.DefaultSelector() as selector:
            for each in (near, far):
                selector.register(each, selectors.EVENT_READ)
            while not self.is_cut:
                for key, _ in selector.select(0.1):
                    data = key.fileobj.recv(_CHUNK)  # type: ignore[union-attr]
                    if not data:
                        return
                    if key.fileobj is near:
                        if not asked and (not self._is_tls or records.ask(data)):
                            asked, holds = True, self._takes()
                        far.sendall(data)
                    elif not holds:
                        near.sendall(data)
                    elif not is_lost:
                        is_lost = True
                        self._count()

    def _takes(self) -> bool:
        with self._guard:
            if self.loses <= 0:
                return False
            if self._spared < self.spares:
                self._spared += 1
                return False
            self._spared = 0
            self.loses -= 1
            return True

    def _count(self) -> None:
        with self._guard:
            self.lost += 1


class Records:
    """A client's records of TLS 1.3, of which nothing is to be understood but where they begin.

    However many greetings the parties need, the second encrypted record is the first one that asks
    for something: the other one ends the handshake (RFC 8446, sections 2 and 5.1).
    """

    def __init__(self) -> None:
        self._data = b""
        self._encrypted = 0

    def ask(self, data: bytes) -> bool:
        """Whether something is asked for by now.

        Args:
            data: what the client sent next.
        """
        self._data += data
        while len(self._data) >= _HEADER:
            end = _HEADER + int.from_bytes(self._data[3:_HEADER], "big")
            if len(self._data) < end:
                break
            self._encrypted += self._data[0] == _APPLICATION_DATA
            self._data = self._data[end:]
        return self._encrypted > 1

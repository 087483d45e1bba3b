"""A wire between worker and portal, which tests cut."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress

_CHUNK = 65536


class Wire:
    """A TCP proxy on a port of its own.

    Args:
        port: the portal's, on this host.
        address: to listen on.
        request: which of the client's messages asks for something; over TLS, the second.
    """

    def __init__(self, port: int, address: str = "127.0.0.1", request: int = 2) -> None:
        self._target = port
        self._request = request
        self._socket = socket.create_server((address, 0))
        self.port: int = self._socket.getsockname()[1]
        self.is_cut = False
        self.loses = 0
        """How many answers are still to be lost, after their requests were answered."""
        self.spares = 0
        """How many come through before each of these."""
        self.lost = 0
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
        spoken = 0
        holds = False
        with selectors.DefaultSelector() as selector:
            for each in (near, far):
                selector.register(each, selectors.EVENT_READ)
            while not self.is_cut:
                for key, _ in selector.select(0.1):
                    data = key.fileobj.recv(_CHUNK)  # type: ignore[union-attr]
                    if not data:
                        return
                    if key.fileobj is far:
                        if not holds:
                            near.sendall(data)
                        continue
                    spoken += 1
                    holds = holds or (spoken == self._request and self._takes())
                    far.sendall(data)

    def _takes(self) -> bool:
        with self._guard:
            if self.loses <= 0:
                return False
            if self._spared < self.spares:
                self._spared += 1
                return False
            self._spared = 0
            self.loses -= 1
            self.lost += 1
            return True

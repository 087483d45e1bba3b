"""multipart/form-data (RFC 7578) of a field and files, made while it is sent."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

_CHUNK = 1 << 16


class Part(NamedTuple):
    """A file that is sent."""

    name: str
    """As the receiver is told: printable, without quotes."""
    open: Callable[[], BinaryIO]
    """Opens it at its beginning."""
    size: int
    """Bytes, all of which are sent."""


class Body:
    """A body whose length is known before it is read.

    Args:
        field: name and text of the field that comes first.
        parts: files, sent under the field name `files`.
    """

    def __init__(self, field: tuple[str, str], parts: Sequence[Part]) -> None:
        mark = secrets.token_hex(16)
        self.type = f"multipart/form-data; boundary={mark}"
        name, text = field
        self._first = (
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n'
            f"Content-Type: application/json\r\n\r\n{text}\r\n"
        ).encode()
        self._parts = [
            (
                f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{part.name}"'
                "\r\nContent-Type: application/octet-stream\r\n\r\n".encode(),
                part,
            )
            for part in parts
        ]
        self._last = f"--{mark}--\r\n".encode()
        self.length = (
            len(self._first)
            + sum(len(head) + part.size + 2 for head, part in self._parts)
            + len(self._last)
        )

    def __iter__(self) -> Iterator[bytes]:
        yield self._first
        for head, part in self._parts:
            yield head
            yield from _whole(part)
            yield b"\r\n"
        yield self._last


def _whole(part: Part) -> Iterator[bytes]:
    left = part.size
    with part.open() as file:
        while left:
            data = file.read(min(_CHUNK, left))
            if not data:
                raise OSError(f"{part.name} became shorter while it was sent")
            left -= len(data)
            yield data

"""Files that came with a request: named, measured and summed before anything is made of them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, NamedTuple

import flask

from sciportal.jobs import names
from sciportal.jobs.order import MOST_FILES, InputFile
from sciportal.jobs.web.problems import invalid, too_large

_CHUNK = 1 << 18


class Upload(NamedTuple):
    """A file that came."""

    name: str
    size: int
    sha256: str
    stream: IO[bytes]
    """At its beginning."""

    @property
    def input(self) -> InputFile:
        """As an order names it."""
        return InputFile(self.name, self.size, self.sha256)


def of_parts(
    request: flask.Request, fields: tuple[str, ...], fits: Callable[[str], bool]
) -> list[Upload]:
    """The files of a form.

    Args:
        request: the request.
        fields: names of fields; without any, those of all fields.
        fits: whether a file may have this name.

    Raises:
        ProblemError: a name is none, or came twice.
    """
    parts = [
        (part.filename, part.stream)
        for field, part in request.files.items(multi=True)
        # A field of a page's form into which nobody put a file.
        if part.filename and (not fields or field in fields)
    ]
    return _named(parts, fits)


def of_texts(texts: Mapping[str, str]) -> list[Upload]:
    """The files in a JSON object.

    Raises:
        ProblemError: a name is none.
    """
    made = ((name, io.BytesIO(text.encode())) for name, text in texts.items())
    return _named(made, names.is_file)


def bounded(uploads: Iterable[Upload], most: int) -> None:
    """Refuse files of more than `most` bytes together.

    Raises:
        ProblemError: they have more.
    """
    if sum(each.size for each in uploads) > most:
        raise too_large("the files", most)


def chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """What is in a stream, from its beginning."""
    stream.seek(0)
    while data := stream.read(_CHUNK):
        yield data


def _named(parts: Iterable[tuple[str, IO[bytes]]], fits: Callable[[str], bool]) -> list[Upload]:
    found: dict[str, Upload] = {}
    for name, stream in parts:
        if not fits(name):
            advice = "use letters, digits and . _ + - = , @; do not begin with . or -"
            raise invalid("the files", f"{names.shown(name)} is no name for one", advice)
        if name in found or len(found) == MOST_FILES:
            there = f"{names.shown(name)} came twice, or more than {MOST_FILES} files came"
            raise invalid("the files", there, "send each once")
        found[name] = _measured(name, stream)
    return list(found.values())


def _measured(name: str, stream: IO[bytes]) -> Upload:
    size, digest = 0, hashlib.sha256()
    for data in chunks(stream):
        size += len(data)
        digest.update(data)
    stream.seek(0)
    return Upload(name, size, digest.hexdigest(), stream)

"""What requests carry, read within bounds: nothing is read that is said to be too long."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import IO, Any, NoReturn

import flask

from sciportal.jobs import json_size
from sciportal.jobs.web.problems import ProblemError, invalid, too_large

JSON = "application/json"
MULTIPART = "multipart/form-data"
FORMS = (MULTIPART, "application/x-www-form-urlencoded")
MOST_JSON = 16_000_000
"""Bytes; files beyond that are sent as parts."""
_MOST_DEPTH = 64
_MOST_VALUES = 100_000
_MOST_FIELDS = 2_000_000
_MOST_PARTS = 1100
AROUND = 1_000_000
"""Bytes that a form may have beside its files."""
# What could be one; UTF-8 itself has none.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_READ = "read the body of the request"


class Request(flask.Request):
    """A request whose uploads go to the portal's own disk, and vanish with it."""

    max_form_memory_size = _MOST_FIELDS
    max_form_parts = _MOST_PARTS

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002  # the signature is Werkzeug's
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        place: Path = flask.current_app.config["UPLOADS"]
        place.mkdir(mode=0o700, exist_ok=True)
        return tempfile.TemporaryFile(dir=place)


def json_of(request: flask.Request, most: int = MOST_JSON) -> Any:
    """The JSON that a request carries.

    Args:
        request: the request.
        most: bytes that it may have.

    Raises:
        ProblemError: it has none, more, or what other readers would read differently.
    """
    if request.mimetype != JSON:
        found = f"Content-Type is {request.mimetype or 'missing'!r:.60}"
        raise ProblemError(415, "media-type", _READ, found, f"send {JSON}")
    return json_in(_read(request, most))


def json_in(data: bytes) -> Any:
    """The JSON in some bytes, which somebody sent.

    Raises:
        ProblemError: it is none, it is too much, or other readers would read it differently.
    """
    if not json_size.fits(data, _MOST_VALUES):
        raise _bad(f"it has more than {_MOST_VALUES} values")
    try:
        # In UTF-8 (RFC 8259, 8.1), as it was measured.
        text = data.decode()
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise _bad("it is nested too deeply") from None
    except ValueError as error:
        raise _bad(f"it is no JSON: {error}") from None
    if _depth(value) > _MOST_DEPTH:
        raise _bad("it is nested too deeply")
    if _HALF.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise _bad("it has half of a surrogate pair") from None
    return value


def bound(request: flask.Request, most: int) -> None:
    """Refuse a body of more than `most` bytes, before it is read where its length is said.

    Raises:
        ProblemError: it is said to be longer.
    """
    request.max_content_length = most
    if (request.content_length or 0) > most:
        raise too_large(_READ, most)


def bound_parts(request: flask.Request, most: int) -> None:
    """The same for a form with files of `most` bytes together."""
    bound(request, most + AROUND)


def _read(request: flask.Request, most: int) -> bytes:
    bound(request, most)
    # Of one of unknown length it gives as much as is allowed, and says nothing.
    request.max_content_length = most + 1
    data = request.get_data(cache=False)
    if len(data) > most:
        raise too_large(_READ, most)
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a key twice")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level and deepest <= _MOST_DEPTH:
        deepest += 1
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        level = inner
    return deepest


def _bad(found: str) -> ProblemError:
    return invalid(_READ, found, "send one JSON object, as /openapi.json describes")

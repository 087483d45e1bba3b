"""What the portal and its helper say to each other, on both sides.

To the helper: a line `{"user": ...}`, which is all that root reads; then, for the half that is
the account's, a line of JSON with the request of the verb, and the bytes of the input files in
the order of the jobs. OpenSSH hosts get the second line and the bytes alone.

From the helper: any number of files, each a line `{"file": {"name": ..., "size": ...}}` and so many
bytes; then one line `{"done": {...}}`, or `{"error": {...}}` with the three parts of an error and
its exit code. An answer without that last line is none.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from sciportal.jobs.strict import Table
from sciportal.service import errors
from sciportal.service.errors import ServiceError, UnknownError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_HEADER = 512
MOST_REQUEST = 4 << 20
MOST_ANSWER = 4 << 20
_CHUNK = 1 << 16
_ADVICE = "use the same version of sciportal on both sides"
_KINDS = {
    each.exit_code: each
    for each in (
        *(errors.ServiceError, errors.UsageError, errors.NotRunningError),
        *(errors.UnknownError, errors.NotPermittedError, errors.BusyError),
    )
}


def line(data: dict[str, Any]) -> bytes:
    """A line of JSON."""
    return json.dumps(data, separators=(",", ":")).encode() + b"\n"


def table(text: bytes, wanted: str) -> Table:
    """The table in a line of JSON.

    Raises:
        UsageError: it is none.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(wanted, f"{type(error).__name__}: {error}"[:200], _ADVICE) from None
    return Table(data, wanted, _ADVICE)


def read_line(stream: BinaryIO, most: int, wanted: str) -> bytes:
    """A line of at most so many bytes; of an unbuffered stream no byte more is taken.

    Raises:
        UsageError: it is longer, or does not end.
    """
    text = stream.readline(most)
    if not text.endswith(b"\n"):
        found = f"a line longer than {most} bytes" if len(text) == most else "it ends too early"
        raise UsageError(wanted, found, _ADVICE)
    return text


def copy(read: Callable[[int], bytes], write: Callable[[bytes], object], size: int) -> None:
    """Copy exactly so many bytes.

    Raises:
        UsageError: there are fewer.
    """
    left = size
    while left:
        data = read(min(left, _CHUNK))
        if not data:
            raise UsageError("copy a file", f"{left} bytes are missing", "try again")
        write(data)
        left -= len(data)


class Part:
    """So many bytes of a stream, after which others follow.

    Args:
        stream: it.
        size: bytes.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int) -> bytes:
        """Some bytes, at most so many; none at the end."""
        data = self._stream.read(min(size, self._left))
        self._left -= len(data)
        return data

    def skip(self) -> None:
        """Take what nobody took.

        Raises:
            UsageError: there are fewer bytes.
        """
        copy(self.read, len, self._left)


def told(error: ServiceError) -> dict[str, Any]:
    """An error, as the last line says it."""
    parts = {"wanted": error.wanted, "found": error.found, "advice": error.advice}
    return {"error": {"code": error.exit_code, **{key: text[:2000] for key, text in parts.items()}}}


def error_in(said: Table) -> ServiceError:
    """The error that an answer is.

    Raises:
        UsageError: it is none that this version knows.
    """
    code = said.number("code", least=1, most=255)
    parts = [said.text(each) for each in ("wanted", "found", "advice")]
    said.done()
    return _KINDS.get(code, ServiceError)(*parts)


def no_answer(found: str) -> UnknownError:
    """The error where the helper gave no whole answer."""
    return UnknownError("ask the helper of the job portal", found, "see the log of the keeper")

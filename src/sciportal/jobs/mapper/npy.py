"""Arrays of numbers in NumPy's file format, without NumPy and without pickle.

The format is that of numpy.lib.format, versions 1 to 3: a magic text, the length of a header, the
header, which is a dictionary as Python writes it, and the numbers.
"""

from __future__ import annotations

import ast
import math
import struct
from typing import Any, NamedTuple

from sciportal.service.errors import UsageError

MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000
HEADER_BYTES = _LONGEST_HEADER + 12
"""Of the beginning of a file, in which its header is."""
_ALIGNED = 64
# The types of numbers, as struct(3) names them.
_TYPES = {"f8": "d", "f4": "f", "i8": "q", "i4": "i", "i2": "h", "u8": "Q", "u4": "I", "u2": "H"}
_ADVICE = 'save it by numpy.save("points.npy", array), an array of one or two dimensions'


class Header(NamedTuple):
    """What an array's file says of it."""

    kind: str
    """The type of its numbers, as struct names it, with the order of bytes."""
    shape: tuple[int, ...]
    """One or two lengths."""
    start: int
    """Where the numbers begin."""


def header(data: bytes) -> Header:
    """What an array's file says of it.

    Args:
        data: the file, or its first HEADER_BYTES.

    Raises:
        UsageError: it is no array of one or two dimensions of numbers.
    """
    if data[:6] != MAGIC or len(data) < 12:
        raise _error("it does not begin as one")
    wide = data[6] > 1
    start = 12 if wide else 10
    (length,) = struct.unpack_from("<I" if wide else "<H", data, 8)
    if length > _LONGEST_HEADER or len(data) < start + length:
        raise _error("its header is cut off")
    try:
        said = ast.literal_eval(data[start : start + length].decode("utf-8").strip())
        order, name = said["descr"][:1], said["descr"][1:]
        shape = tuple(said["shape"])
        kind = ("<" if order == "|" else order) + _TYPES[name]
        whole = all(str(each).isdecimal() and 0 <= each < 2**40 for each in shape)
        fits = order in "<>=|" and len(shape) in (1, 2) and whole and said["fortran_order"] is False
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        raise _error("its header is not of numbers, or not understood") from None
    if not fits:
        raise _error("it has more than two dimensions, or columns before rows")
    return Header(kind, shape, start + length)


def read(data: bytes) -> list[Any]:
    """The numbers, or lists of the numbers of each row.

    Raises:
        UsageError: see `header`, or the file is cut off.
    """
    said = header(data)
    length(data, len(data))
    numbers = f"{said.kind[0]}{math.prod(said.shape)}{said.kind[1]}"
    flat = list(struct.unpack_from(numbers, data, said.start))
    if len(said.shape) == 1:
        return flat
    width = said.shape[1]
    return [flat[row * width : (row + 1) * width] for row in range(said.shape[0])]


def length(data: bytes, size: int) -> int:
    """How many rows an array has.

    Args:
        data: its file, or its first HEADER_BYTES.
        size: bytes of the file.

    Raises:
        UsageError: see `read`.
    """
    said = header(data)
    if math.prod(said.shape) * struct.calcsize(f"={said.kind[1]}") > size - said.start:
        raise _error("it is cut off")
    return said.shape[0]


def write(rows: list[Any]) -> bytes | None:
    """The file of an array of floats; None stands for a row of NaN.

    Args:
        rows: numbers, or lists of numbers of one length; None for some of them.

    Returns:
        The file, or None where they are something else.
    """
    first = next((row for row in rows if row is not None), None)
    width = len(first) if isinstance(first, list) else None
    blank = [math.nan] * (width or 1)
    flat: list[float] = []
    for row in rows:
        cells = blank if row is None else row if width is not None else [row]
        if not isinstance(cells, list) or len(cells) != len(blank):
            return None
        if not all(type(cell) in (int, float) for cell in cells):
            return None
        flat += cells
    shape = (len(rows),) if width is None else (len(rows), width)
    said = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    padding = -(10 + len(said) + 1) % _ALIGNED
    text = said + b" " * padding + b"\n"
    try:
        body = struct.pack(f"<{len(flat)}d", *flat)
    except OverflowError:
        return None
    return MAGIC + b"\x01\x00" + struct.pack("<H", len(text)) + text + body


def _error(found: str) -> UsageError:
    return UsageError("read an array of points", found, _ADVICE)

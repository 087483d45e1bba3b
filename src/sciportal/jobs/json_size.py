"""How much a text of JSON becomes, told before it is read: `[{},{},...]` takes 25 times its bytes.

Standard library only: programs on nodes use it, too.
"""

from __future__ import annotations

import re

# A text goes by as a whole, or to the end where it does not end; nothing is looked at twice.
_TOKEN = re.compile(rb'"(?:[^"\\]+|\\.)*+"?|[,\[{]', re.DOTALL)
_MARKS = (b",", b"[", b"{", b'"')


def fits(data: bytes, most: int) -> bool:
    """Whether JSON has at most `most` texts, commas and opened lists and objects.

    Its values are no more than those, so they take some 64 bytes for each beside their texts.

    Args:
        data: in UTF-8, JSON or not.
        most: of them together.
    """
    if sum(map(data.count, _MARKS)) <= most:
        return True
    return all(number < most for number, _token in enumerate(_TOKEN.finditer(data)))

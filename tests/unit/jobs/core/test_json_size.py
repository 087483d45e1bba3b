"""What JSON becomes is known before it is read, also of JSON that is made to deceive."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.jobs import json_size

LONG = 4_000_000


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("1", 0),
        ("[]", 1),
        ("[1, 2, 3]", 3),
        ('{"a": [{}, {}]}', 6),
        (r'"a, [{ \" , \\"', 1),
        (r'["\\", "\\\"", 1]', 5),
        ('["a', 2),
        ('"\\', 1),
    ],
)
def test_tokens_are_counted(text: str, number: int) -> None:
    assert json_size.fits(text.encode(), number)
    assert number == 0 or not json_size.fits(text.encode(), number - 1)


def values(thing: Any) -> int:
    """Lists, objects, texts, and what else is in a value."""
    if isinstance(thing, dict):
        return 1 + sum(1 + values(each) for each in thing.values())
    return 1 + sum(map(values, thing)) if isinstance(thing, list) else 1


THINGS = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(THINGS, st.booleans())
def test_what_fits_has_no_more_values(thing: Any, plain: bool) -> None:
    data = json.dumps(thing, ensure_ascii=plain).encode()
    number = next(most for most in range(len(data) + 1) if json_size.fits(data, most))
    assert values(thing) <= 2 * number + 1


@pytest.mark.parametrize("text", [b'"', b'\\"', b'"\\', b'["', b"[{", b'"\\"'])
def test_long_and_broken_ones_are_told_at_once(text: bytes) -> None:
    # Looked at anew from each place in it, such a text would take hours.
    data = text * (LONG // len(text))
    assert not json_size.fits(b"[" * 11 + data, 10)
    assert json_size.fits(data, len(data))


def test_a_long_text_is_one_value() -> None:
    assert json_size.fits(b'"' + b",[{" * LONG + b'"', 1)

"""Flat files mean what the libraries make of them."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import plain

keys = st.text(alphabet="abc_", min_size=1, max_size=6)
strings = st.text(max_size=12)
scalars = st.one_of(
    strings, st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)
)
documents = st.dictionaries(keys, st.one_of(scalars, st.lists(strings, max_size=3), st.none()))
# What a person may do to a line.
pieces = st.sampled_from(
    [
        'a = "x"',
        "a=1",
        "b = 01",
        "b = -0",
        "c = 1.5",
        "c = 1.",
        "d = .5",
        "e = [",
        "]",
        "# note",
        "",
    ]
    + ['e = ["x", "y"]', 'e = ["x, y"]', "e = ['x']", "e = []", "f = true", "f = True", "g.h = 1"]
    + ['"a" = 1', 'a = "x" # note', "[table]", "b = 1_000", "b = 0x1", "i = +1", 'j = "\\n"', "\t"]
    + ['k = "é"', "l = 1979-05-27", "m = inf", ' n = "x"', 'o = "x" ', "p = 99999999999999999999"]
)


def read(reader: Any, text: str) -> Any:
    """What a reader makes of it, or nothing where it leaves it to another."""
    try:
        return reader(text)
    except ValueError:
        return None


@given(documents)
def test_what_we_write_is_json_and_read_back(values: dict[str, Any]) -> None:
    text = plain.to_json(values)
    assert json.loads(text) == values
    assert plain.loads(text) == values
    assert list(json.loads(text)) == sorted(values)


@given(
    st.lists(st.one_of(pieces, st.text(max_size=10)), max_size=5), st.sampled_from(["\n", "\r\n"])
)
def test_toml_that_is_read_here_is_what_the_library_reads(lines: list[str], end: str) -> None:
    text = end.join(lines)
    found = read(plain.of_toml, text)
    assert found is None or found == tomllib.loads(text)


@given(documents, st.text(max_size=3), st.integers(0, 200))
def test_json_that_is_read_here_is_what_the_library_reads(
    values: dict[str, Any], change: str, place: int
) -> None:
    text = plain.to_json(values)
    text = text[:place] + change + text[place + 1 :]
    found = read(plain.of_json, text)
    assert found is None or found == read(json.loads, text)


@pytest.mark.parametrize(
    "text",
    [
        'partition = "service-pool"\nslurm_timeout = 30\nsbatch = ["--mem=512M", "--requeue"]\n',
        "# a note\n\nsbatch = []\n",
        "",
    ],
)
def test_settings_as_the_role_writes_them_are_read_here(text: str) -> None:
    assert plain.of_toml(text) == tomllib.loads(text)


def test_what_is_no_json_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        plain.loads("{")

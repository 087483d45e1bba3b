"""Patterns find what Python's find, and no text makes them take long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.jobs.descriptors.pattern import MOST_WORK, Pattern

SIGNS = "ab1 -_.\n"
ATOMS = st.sampled_from(
    ["a", "b", "1", " ", ".", "[ab]", "[^a]", "[]a-]", r"[\d_]", r"\d", r"\W", r"\s", r"\.", r"\n"]
    + [r"\x61", "^", "$", r"\A", r"\Z", r"\b", "{", "a{", "-"]
)
REPEATS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,}", "{,2}", "{1,3}", "*?", "{0,2}?"])


def grouped(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Larger patterns of these."""
    either = st.lists(parts, min_size=1, max_size=3).map("|".join)
    opened = st.sampled_from(["(", "(?:", "(?P<name>"])
    group = st.tuples(opened, either).map(lambda both: f"{both[0]}{both[1]})")
    return st.lists(st.tuples(group, REPEATS).map("".join), min_size=1, max_size=3).map("".join)


SIMPLE = st.lists(st.tuples(ATOMS, REPEATS).map("".join), max_size=4).map("".join)
SOURCES = st.recursive(SIMPLE, grouped, max_leaves=4)


@given(SOURCES, st.lists(st.text(SIGNS, max_size=6), min_size=1, max_size=8))
def test_they_find_what_python_finds(source: str, texts: list[str]) -> None:
    try:
        form = re.compile(source)
    except re.error:
        with pytest.raises(ValueError):
            Pattern(source)
        return
    found = Pattern(source)
    for text in texts:
        assert found.found_in(text) == bool(form.search(text)), (source, text)


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        (r"^[A-Za-z][A-Za-z0-9_-]*$", "sample-1", True),
        (r"^[A-Za-z][A-Za-z0-9_-]*$", "1sample", False),
        (r"^\d+(?:,\d+)*$", "1,22,333", True),
        (r"^\d+(?:,\d+)*$", "1,,2", False),
        ("^(?:CASE|case)$", "case", True),
        ("^.{3,5}$", "ab", False),
        ("^.{3,5}$", "åßc\U0001f600d", True),
        ("end\\Z", "end\n", False),
        ("", "", True),
    ],
)
def test_usual_ones(source: str, text: str, found: bool) -> None:
    assert Pattern(source).found_in(text) is found


# Python's own takes the lifetime of a star for each.
EVIL = [
    r"(a+)+b",
    r"(a|a)*b",
    r"(a|aa)+$",
    r"(.*a){25}b",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(a*)*b",
    r"(?:a?){30}a{30}b",
    r"a*a*a*a*a*a*a*a*a*b",
]


@pytest.mark.parametrize("source", EVIL)
def test_no_text_makes_them_take_long(source: str) -> None:
    found = Pattern(source)
    text = "a" * (MOST_WORK // found.steps // 20) + "!"
    assert found.found_in(text) is False


@pytest.mark.parametrize(
    "source",
    [r"(a)\1", r"(?P<x>a)(?P=x)", "(?=a)b", "(?!a)b", "(?<=a)b", "(?i)a", "(?>a*)b", "a*+b"]
    + [r"\Ba", "(a)(?(1)a|b)", "(?#words)a"],
)
def test_what_cannot_be_told_so_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="bounded time"):
        Pattern(source)


@pytest.mark.parametrize("source", ["(", "[a", "a**", "(?P<x", "*", "a{3,1}", "(a"])
def test_what_is_none_is_refused(source: str) -> None:
    with pytest.raises(ValueError):
        Pattern(source)


@pytest.mark.parametrize("source", ["((a{1000}){1000}){1000}", "(a{9999}){99999}", "(" * 400])
def test_what_is_too_large_is_refused(source: str) -> None:
    with pytest.raises(ValueError):
        Pattern(source)

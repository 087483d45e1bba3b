"""What a terminal can show, and what may be written to one."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios
from collections.abc import Iterator
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import terminal


@pytest.fixture
def tty() -> Iterator[TextIO]:
    """A real terminal."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as stream:
        yield stream
    os.close(master)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
    ],
)
def test_colour_is_for_terminals_whose_people_want_it(tty, environ, expected):
    assert terminal.has_colour(tty, environ) is expected
    assert terminal.has_colour(io.StringIO(), environ) is False
    assert terminal.has_colour(None, environ) is False


def test_lines_can_be_rewritten_without_colour(tty):
    assert terminal.is_terminal(tty, {"TERM": "xterm", "NO_COLOR": "1"})
    assert not terminal.is_terminal(tty, {"TERM": "dumb"})


def test_the_width_is_the_terminals(tty):
    assert terminal.width(io.StringIO()) == terminal.width(None) == 80
    # A terminal that nobody told its size has none.
    assert terminal.width(tty) == 80
    for columns, expected in ((120, 120), (60, 60), (5, 40)):
        set_columns(tty, columns)
        assert terminal.width(tty) == expected


def set_columns(tty: TextIO, columns: int) -> None:
    fcntl.ioctl(tty.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


@given(st.text())
def test_nothing_that_is_clean_drives_a_terminal(text):
    found = terminal.clean(text)
    assert len(found) == len(text)
    assert all(each.isprintable() or each in "\n\t" for each in found)
    found.encode()


def test_what_can_be_shown_stays():
    assert terminal.clean("wéb: ended\n\tby 3 €") == "wéb: ended\n\tby 3 €"
    assert terminal.clean("\033[31mred\a\udc80\r") == "?[31mred???"

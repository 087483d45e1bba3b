"""Logs are hostile; a page shows their text and nothing else of them."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.jobs.web.pages.terminal import plain


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;a title\x07after", "after"),
        ("\x1b]8;;https://evil.test\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1;2|data\x1b\\after", "after"),
        ("\x1b(Bafter\x1b=\x1b7", "after"),
        ("cut off \x1b[3", "cut off "),
        ("cut off \x1b]0;ti", "cut off "),
        ("cut off \x1b", "cut off "),
        ("a\r\nb\r\n", "a\nb\n"),
        ("10%\r50%\r100%\ndone", "100%\ndone"),
        ("longer line\rshort", "shortr line"),
        ("wait |\b/\b-", "wait -"),
        ("\b\b\bab", "ab"),
        ("bell\x07 nul\x00", "bell\N{REPLACEMENT CHARACTER} nul\N{REPLACEMENT CHARACTER}"),
        ("user\u202egnp.exe", "user<U+202E>gnp.exe"),
        ("\u2066hidden\u2069", "<U+2066>hidden<U+2069>"),
        ("naïve ✓ 漢字", "naïve ✓ 漢字"),
        ("lone \udc80", "lone \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_what_a_terminal_would_show(written: str, shown: str) -> None:
    assert plain(written) == shown


@given(st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=0x2FFF), max_size=300))
def test_no_control_reaches_the_page(written: str) -> None:
    shown = plain(written)
    assert not re.search("[\x1b\x07\x00\x9b\u202a-\u202e\u2066-\u2069]", shown)
    assert all(each in "\n\t" or unicodedata.category(each) != "Cc" for each in shown)


@pytest.mark.parametrize("unit", ["\r", "a\r", "\b", "\x1b[", "\x1b]", "\x1bP\x1b", "a\b", "\x9b"])
def test_a_hostile_log_takes_no_time(unit: str) -> None:
    begun = time.process_time()
    plain("x" * 32768 + unit * 500_000)
    # A tenth of a second; what looked at each sign again for each sign would take hours.
    assert time.process_time() - begun < 30

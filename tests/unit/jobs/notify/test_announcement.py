"""What a job may say of itself."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.jobs import states
from sciportal.jobs.notify.announcement import Announcement, parse
from sciportal.service.errors import UsageError


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("token=T&event=started", Announcement("T", states.STARTED, "", "")),
        ("token=T&event=finished&exit=3", Announcement("T", states.finished(3), "", "")),
        (
            "token=T&user=jkl?job=myjob123&event=started",
            Announcement("T", states.STARTED, "jkl", "myjob123"),
        ),
        (
            "token=T&?user=jkl?job=17?event=finished",
            Announcement("T", states.finished(0), "jkl", "17"),
        ),
        (
            "token=T&event=finished&exit=0&job=my%20fit",
            Announcement("T", states.finished(0), "", "my fit"),
        ),
    ],
)
def test_forms(query: str, said: Announcement) -> None:
    assert parse(query) == said


@pytest.mark.parametrize(
    "query",
    [
        "",
        "event=started",
        "token=T",
        "token=T&event=ended",
        "token=T&event=started&exit=0",
        "token=T&event=finished&exit=256",
        "token=T&event=finished&exit=-1",
        "token=T&event=finished&exit=",
        "token=T&event=finished&exit=1_0",
        "token=T&event=finished&exit=%D9%A1",
        "token=T&token=U&event=started",
        "token=T&event=started&state=COMPLETE",
        "token=T&event=started&user=a%00b",
        "token=T&event=started&user=a%0ab",
        "token=T&event=started&user=%ff",
        "token=T&event=started&" + "&" * 2000,
    ],
)
def test_nothing_else_is_heard(query: str) -> None:
    with pytest.raises(UsageError):
        parse(query)


@given(st.text())
def test_any_text_is_an_announcement_or_an_error(query: str) -> None:
    with contextlib.suppress(UsageError):
        parse(query)

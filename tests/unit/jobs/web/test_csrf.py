"""What a page of somebody else makes a browser send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.jobs.web import csrf
from sciportal.jobs.web.auth import Identity
from sciportal.jobs.web.problems import ProblemError

SECRET = b"s" * 32
ALICE = Identity("alice", "192.0.2.1", "shibboleth", operator=False)
PROGRAM = ALICE._replace(source="token")
SOMEBODY = Identity("", "192.0.2.1", "", operator=False)
POST = {"REQUEST_METHOD": "POST", "HTTP_HOST": "jobs.example.org"}
FORM = {"CONTENT_TYPE": "multipart/form-data; boundary=x"}


def test_a_token_is_of_one_visitor_for_some_time() -> None:
    made = csrf.token(SECRET, ALICE, 1000.0)
    assert csrf.holds(SECRET, ALICE, made, 1000.0 + csrf.LIFETIME - 1)
    assert not csrf.holds(SECRET, ALICE, made, 1000.0 + csrf.LIFETIME)
    assert not csrf.holds(SECRET, ALICE._replace(user="bob"), made, 1000.0)
    assert not csrf.holds(SECRET, SOMEBODY, made, 1000.0)
    assert not csrf.holds(b"t" * 32, ALICE, made, 1000.0)


@given(st.text())
def test_nothing_else_is_one(text: str) -> None:
    assert not csrf.holds(SECRET, ALICE, text, 0.0)


@pytest.mark.parametrize(
    "sent",
    [
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"HTTP_SEC_FETCH_SITE": ""},
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_ORIGIN": "https://jobs.example.org.evil.example"},
        {"HTTP_ORIGIN": "https://jobs.example.org:8443"},
        {"HTTP_ORIGIN": "https://evil.example", "HTTP_SEC_FETCH_SITE": "same-origin"},
    ],
)
def test_other_origins_are_refused(sent: dict[str, str]) -> None:
    with pytest.raises(ProblemError) as caught:
        csrf.judge_origin({**POST, **sent}, "https://door.example.org")
    assert caught.value.status == 403


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ORIGIN": "https://jobs.example.org"},
        {"HTTP_ORIGIN": "https://door.example.org"},
        {"REQUEST_METHOD": "GET", "HTTP_SEC_FETCH_SITE": "cross-site"},
    ],
)
def test_ours_are_not(sent: dict[str, str]) -> None:
    csrf.judge_origin({**POST, **sent}, "https://door.example.org")


@pytest.mark.parametrize(
    ("identity", "sent", "needs"),
    [
        (ALICE, FORM, True),
        (ALICE, {}, True),
        (ALICE, {"CONTENT_TYPE": "text/plain"}, True),
        (ALICE, {"CONTENT_TYPE": "application/json"}, False),
        (ALICE, {**FORM, "HTTP_IDEMPOTENCY_KEY": "k"}, False),
        (ALICE, {**FORM, "REQUEST_METHOD": "GET"}, False),
        (PROGRAM, FORM, False),
        (PROGRAM, {**FORM, "HTTP_ORIGIN": "https://jobs.example.org"}, True),
        (SOMEBODY, FORM, False),
        (SOMEBODY, {**FORM, "HTTP_SEC_FETCH_SITE": "same-origin"}, True),
    ],
)
def test_what_a_form_could_send_needs_a_token(
    identity: Identity, sent: dict[str, str], needs: bool
) -> None:
    assert csrf.needs_token({**POST, **sent}, identity) is needs

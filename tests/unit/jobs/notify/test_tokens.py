"""Tokens of jobs: nobody but the portal can make one."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from sciportal.jobs import order
from sciportal.jobs.notify import tokens
from sciportal.jobs.notify.tokens import Bearer

SECRET = b"s" * 32
JOBS = st.integers(1, 2**53)
ATTEMPTS = st.integers(1, 1_000_000)


@given(JOBS, ATTEMPTS)
def test_a_token_names_its_job_and_attempt(job: int, attempt: int) -> None:
    token = tokens.make(SECRET, job, attempt)
    assert len(token) == tokens.LENGTH
    assert tokens.read(SECRET, token) == Bearer(job, attempt)
    assert order._TOKEN.fullmatch(token)


@given(JOBS, ATTEMPTS)
def test_a_token_of_another_site_is_nobodys(job: int, attempt: int) -> None:
    assert tokens.read(b"t" * 32, tokens.make(SECRET, job, attempt)) is None


@given(st.integers(0, tokens.LENGTH - 1), st.characters())
@example(26, "+")
@example(tokens.LENGTH - 1, "R")
def test_a_changed_token_is_nobodys(place: int, sign: str) -> None:
    token = tokens.make(SECRET, 17, 1)
    changed = token[:place] + sign + token[place + 1 :]
    if changed != token:
        assert tokens.read(SECRET, changed) is None


@given(st.text(max_size=100))
def test_nothing_else_is_one(text: str) -> None:
    assert tokens.read(SECRET, text) is None

"""Endpoints in the comments of jobs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service.endpoint import (
    ACCESS,
    MARK,
    PROTOCOLS,
    Endpoint,
    comment_of,
    parse_comment,
)

endpoints = st.builds(
    Endpoint, st.sampled_from(PROTOCOLS), st.integers(1, 65535), st.sampled_from(ACCESS)
)


def test_the_form_that_the_scheduler_and_the_front_end_know():
    assert Endpoint("http", 24601, "owner").comment() == "sbatch-service/1 http 24601 owner"


@given(endpoints)
def test_what_is_written_is_read_back(endpoint):
    assert parse_comment(comment_of(endpoint)) == endpoint


def test_a_service_that_does_not_listen_carries_the_mark_alone():
    assert comment_of(None) == MARK == "sbatch-service/1"
    assert parse_comment(MARK) is None


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "sbatch-service/1 http 24601",
        "sbatch-service/1 http 24601 owner ",
        " sbatch-service/1 http 24601 owner",
        "sbatch-service/1 http 24601 owner\n",
        "sbatch-service/1 http 24601 owner\nsbatch-service/1 http 80 public",
        "sbatch-service/1  http 24601 owner",
        "sbatch-service/1\thttp 24601 owner",
        "sbatch-service/2 http 24601 owner",
        "sbatch-service/1 HTTP 24601 owner",
        "sbatch-service/1 ftp 24601 owner",
        "sbatch-service/1 http 0 owner",
        "sbatch-service/1 http 024601 owner",
        "sbatch-service/1 http +24601 owner",
        "sbatch-service/1 http 65536 owner",
        "sbatch-service/1 http 246010 owner",
        "sbatch-service/1 http \uff124601 owner",
        "sbatch-service/1 http 24601 everybody",
        "sbatch-service/1 http 24601 owner public",
    ],
)
def test_anything_but_the_exact_form_announces_nothing(comment):
    assert parse_comment(comment) is None


@given(st.one_of(st.text(), st.text(max_size=20).map(lambda text: f"{MARK} {text}")))
def test_whatever_users_write_is_an_endpoint_exactly_or_none(comment):
    found = parse_comment(comment)
    assert found is None or found.comment() == comment


@given(endpoints, st.integers(0, 60), st.text(min_size=1, max_size=2))
def test_one_more_character_anywhere_makes_it_another_endpoint_or_none(endpoint, place, more):
    comment = endpoint.comment()
    changed = comment[:place] + more + comment[place:]
    assert parse_comment(changed) != endpoint

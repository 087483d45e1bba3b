"""What `service-routes status` says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.frontend import health
from sciportal.frontend.health import Health


def test_the_judgement_is_fine_stale_or_unknown() -> None:
    assert health.judge(Health(success=100), 105, 10) == 0
    assert health.judge(Health(success=100), 111, 10) == 1
    assert health.judge(Health(), 111, 10) == 1
    assert health.judge(None, 111, 10) == 4


def test_the_file_is_read_as_it_was_written() -> None:
    left = Health().succeeded(100.5, 3).failed("no answer").failed("none again")
    assert left == Health(100.5, 2, 2, 3, "none again")
    assert health.parse(left.text()) == left


def test_the_line_for_people_names_age_failures_and_reason() -> None:
    line = health.report(
        Health(success=100, failures=2, failures_total=7, routes=3, message="x"), 130
    )
    assert (
        line == "routes: 3, read 30 s ago; queries failed: 2 since then, 7 in all; the last one: x"
    )
    assert "never read" in health.report(Health(), 130)


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["schema", *Health._fields]), inner)
    ),
)


@given(st.text() | values.map(json.dumps))
def test_a_file_that_says_anything_else_is_unknown(text: str) -> None:
    found = health.parse(text)
    assert found is None or health.parse(found.text()) is not None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1, "routes": "x"}'])
def test_what_is_no_status_file_is_none(text: str) -> None:
    assert health.parse(text) is None

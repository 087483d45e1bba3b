"""When a main process is started again."""

from __future__ import annotations

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import restart
from sciportal.service.restart import Limits, decide

LIMITS = Limits(delay_max=60, most=10, window=600)


def test_the_delay_is_doubled_up_to_its_limit():
    delays = [decide("always", 1, [0.0] * n, 1.0, LIMITS).delay for n in range(10)]
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_after_the_last_restart_of_the_window_it_is_given_up():
    verdict = decide("always", 1, [0.0] * 10, 599.0, LIMITS)
    assert (verdict.delay, verdict.gave_up) == (None, True)
    assert "restarted 10 times within 600 s" in verdict.why


def test_restarts_before_the_window_are_forgotten():
    assert decide("on-failure", 1, [0.0] * 10, 601.0, LIMITS).delay == 1


@pytest.mark.parametrize("code", [0, *(-each for each in (1, 2, 13, 15))])
def test_what_is_no_failure_ends_it_under_on_failure(code):
    assert decide("on-failure", code, [], 0, LIMITS) == (None, "that is no failure", False)


@given(st.sampled_from(restart.POLICIES), st.integers(-64, 255), st.lists(st.floats(0, 1e9)))
def test_never_is_never_and_no_delay_is_out_of_bounds(policy, code, restarts):
    verdict = decide(policy, code, restarts, 1e9, LIMITS)
    assert verdict.delay is None or 1 <= verdict.delay <= 60
    assert policy != "never" or verdict.delay is None
    assert not verdict.gave_up or verdict.delay is None


def test_what_the_program_calls_a_mistake_is_not_tried_again_under_on_failure():
    verdict = decide("on-failure", 22, [], 0, LIMITS, is_mistake=True)
    assert verdict == (None, "it never served, and only a change can mend that", False)
    assert decide("always", 22, [], 0, LIMITS, is_mistake=True).delay == 1


def test_ends_are_told_in_words():
    assert restart.how_it_ended(7) == "ended with exit status 7"
    assert restart.how_it_ended(-signal.SIGKILL) == "was killed by SIGKILL"
    assert restart.how_it_ended(-40) == "was killed by signal 40"

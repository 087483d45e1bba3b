"""What stages `stop` and `reload` may print: one signal, and options of scancel."""

from __future__ import annotations

import contextlib
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import stages
from sciportal.service.errors import ServiceError
from unit.service.refusals import refused


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("SIGTERM", 15),
        ("TERM", 15),
        ("15", 15),
        ("term", 15),
        ("WINCH", signal.SIGWINCH),
        ("SIGUSR1", signal.SIGUSR1),
        ("RTMIN", signal.SIGRTMIN),
        ("SIGRTMIN+3", signal.SIGRTMIN + 3),
        ("RTMAX-1", signal.SIGRTMAX - 1),
        ("9", 9),
    ],
)
def test_a_signal_may_be_named_in_three_ways(word, number):
    assert stages.signal_number(word, "stop") == number


@pytest.mark.parametrize(
    "word",
    ["0", "65", "999", "-9", "TERMINATE", "SIG", "SIGSIGTERM", "RTMIN+99", "RTMAX-99", "1 5"],
)
def test_an_unknown_signal_is_refused(word):
    said = refused(stages.signal_number, word, "stop")
    assert word in said
    assert "SIGTERM" in said


@given(st.text())
def test_whatever_stands_for_a_signal_is_a_valid_number_or_refused(word):
    with contextlib.suppress(ServiceError):
        assert stages.signal_number(word, "stop") in signal.valid_signals()


@pytest.mark.parametrize("said", ["", "\n", "  \n\n"])
def test_without_a_signal_the_default_is_sent(said):
    assert stages.signal_advice(said, "reload", signal.SIGHUP).number == signal.SIGHUP


def test_options_of_scancel_stand_beside_the_signal():
    advice = stages.signal_advice("#SCANCEL --hurry\nUSR2\n", "stop", signal.SIGTERM)
    assert advice == stages.SignalAdvice(signal.SIGUSR2, ("--hurry",), ())


def test_two_signals_are_refused():
    assert "one signal" in refused(stages.signal_advice, "TERM\nHUP\n", "stop", signal.SIGTERM)


@pytest.mark.parametrize(
    "line", ["-u bob", "--user=bob", "-n other", "--state=RUNNING", "-b", "-s 9", "--signal=9"]
)
def test_options_that_choose_the_job_or_the_signal_are_told(line):
    advice = stages.signal_advice(f"#SCANCEL {line}", "stop", signal.SIGTERM)
    assert advice.overridden == (line.split()[0],)


@pytest.mark.parametrize("line", ["4711", "--hurry 4711", "--", "-", "-f 4711"])
def test_a_stage_cannot_name_another_job_to_scancel(line):
    refused(stages.signal_advice, f"#SCANCEL {line}", "stop", signal.SIGTERM)


@given(st.one_of(st.text(), st.text().map(lambda text: f"#SCANCEL {text}")))
def test_whatever_a_stop_stage_prints_is_a_signal_or_one_clear_refusal(said):
    with contextlib.suppress(ServiceError):
        advice = stages.signal_advice(said, "stop", signal.SIGTERM)
        assert advice.number in signal.valid_signals()
        assert all("\0" not in word for word in advice.options)

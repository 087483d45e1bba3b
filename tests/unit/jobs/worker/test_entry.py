"""What is to be done next with a job, in every case."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from sciportal.jobs.exchange import Report
from sciportal.jobs.states import Cause
from sciportal.jobs.worker.entry import (
    Deed,
    Entry,
    Seen,
    Step,
    Wish,
    next_deed,
    outcome,
    superseded,
)
from unit.jobs.worker.orders import PLAIN


def entry(step: Step, wish: Wish = Wish.NOTHING) -> Entry:
    return Entry(PLAIN, step, wish)


@pytest.mark.parametrize(
    ("step", "wish", "deed"),
    [
        (Step.CLAIMED, Wish.NOTHING, Deed.FETCH),
        (Step.CLAIMED, Wish.CANCEL, Deed.CONCLUDE),
        (Step.CLAIMED, Wish.DROP, Deed.FORGET),
        (Step.READY, Wish.NOTHING, Deed.ANNOUNCE),
        (Step.READY, Wish.CANCEL, Deed.CONCLUDE),
        (Step.READY, Wish.DROP, Deed.FORGET),
        (Step.ENDED, Wish.NOTHING, Deed.DELIVER),
        (Step.ENDED, Wish.CANCEL, Deed.DELIVER),
        (Step.ENDED, Wish.DROP, Deed.FORGET),
    ],
)
def test_before_and_after_a_job_runs(step: Step, wish: Wish, deed: Deed) -> None:
    assert {next_deed(entry(step, wish), seen) for seen in Seen} == {deed}


@pytest.mark.parametrize(
    ("seen", "deeds"),
    [
        (Seen.ABSENT, (Deed.START, Deed.CONCLUDE, Deed.FORGET)),
        (Seen.RUNNING, (Deed.WAIT, Deed.END, Deed.END)),
        (Seen.ENDED, (Deed.CONCLUDE, Deed.CONCLUDE, Deed.FORGET)),
        (Seen.GONE, (Deed.CONCLUDE, Deed.CONCLUDE, Deed.FORGET)),
        (Seen.DIED, (Deed.CONCLUDE, Deed.CONCLUDE, Deed.FORGET)),
        (Seen.UNKNOWN, (Deed.WAIT, Deed.WAIT, Deed.WAIT)),
    ],
)
def test_while_a_job_may_run(seen: Seen, deeds: tuple[Deed, ...]) -> None:
    wishes = (Wish.NOTHING, Wish.CANCEL, Wish.DROP)
    assert tuple(next_deed(entry(Step.GRANTED, wish), seen) for wish in wishes) == deeds


def test_a_job_starts_in_one_case_only() -> None:
    every = itertools.product(Step, Wish, Seen)
    starts = [case for case in every if next_deed(entry(*case[:2]), case[2]) is Deed.START]
    assert starts == [(Step.GRANTED, Wish.NOTHING, Seen.ABSENT)]


def test_of_several_attempts_at_a_job_the_last_counts() -> None:
    pairs = [(1, 2), (1, 1), (2, 1), (3, 1), (3, 3), (3, 2)]
    every = [Entry(replace(PLAIN, job=job, attempt=number), Step.READY) for job, number in pairs]
    assert [each.key for each in superseded(every)] == ["1.1", "3.1", "3.2"]


LEFT = Report(1, Cause.FINISHED, 3)


@pytest.mark.parametrize(
    ("step", "wish", "seen", "left", "cause"),
    [
        (Step.CLAIMED, Wish.CANCEL, Seen.UNKNOWN, None, Cause.CANCELLED),
        (Step.READY, Wish.CANCEL, Seen.UNKNOWN, None, Cause.CANCELLED),
        (Step.GRANTED, Wish.CANCEL, Seen.ABSENT, None, Cause.CANCELLED),
        (Step.GRANTED, Wish.CANCEL, Seen.GONE, None, Cause.CANCELLED),
        (Step.GRANTED, Wish.CANCEL, Seen.ENDED, LEFT, Cause.FINISHED),
        (Step.GRANTED, Wish.NOTHING, Seen.ENDED, LEFT, Cause.FINISHED),
        (Step.GRANTED, Wish.NOTHING, Seen.GONE, None, Cause.LOST),
        (Step.GRANTED, Wish.NOTHING, Seen.DIED, None, Cause.REQUEUED),
    ],
)
def test_how_a_job_ended(
    step: Step, wish: Wish, seen: Seen, left: Report | None, cause: Cause
) -> None:
    assert outcome(entry(step, wish), seen, left).cause is cause

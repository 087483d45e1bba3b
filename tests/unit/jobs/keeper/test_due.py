"""Whose turn it is, by a clock that the test holds."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from sciportal.jobs.keeper.due import (
    LANES,
    MOST_REST_SECONDS,
    SLOW_SECONDS,
    THREADS,
    Due,
)
from sciportal.jobs.store.job import Whose

REST = 15.0
ALICE, BOB = Whose("alice", ""), Whose("bob", "")


def people(number: int, host: str = "", name: str = "user") -> list[Whose]:
    """So many owners on a host."""
    return [Whose(f"{name}{each:03}", host) for each in range(number)]


def ended(due: Due, those: Iterable[Whose], now: float, *, failed: bool = False) -> None:
    """Their steps have ended."""
    for each in those:
        due.end(each, now, failed=failed)


def test_who_has_a_step_under_way_has_no_other() -> None:
    due = Due(REST)
    assert due.begin({ALICE}, 0) == [ALICE]
    assert due.begin({ALICE, BOB}, 1) == [BOB]
    due.end(ALICE, 2, failed=False)
    assert due.begin({ALICE, BOB}, 2) == [ALICE]


def test_the_same_owner_on_another_host_is_another() -> None:
    due = Due(REST)
    there = Whose("alice", "away")
    due.begin({there}, 0)
    assert due.begin({ALICE, there}, 0) == [ALICE]


def test_steps_are_bounded_and_all_have_their_turn() -> None:
    due = Due(REST)
    many = people(3 * LANES)
    served = []
    for now in range(3):
        begun = due.begin(many, now)
        assert len(begun) == LANES
        assert due.begin(many, now) == []
        ended(due, begun, now)
        served += begun
    assert sorted(served) == many
    assert due.begin(many, 3) == served[:LANES]


@pytest.mark.parametrize(
    ("took", "rest"),
    [
        (0.5, REST),
        (SLOW_SECONDS, REST),
        (12, REST),
        (120, 120),
        (2 * MOST_REST_SECONDS, MOST_REST_SECONDS),
    ],
)
def test_who_failed_rests_at_least_as_long_as_it_took(took: float, rest: float) -> None:
    due = Due(REST)
    due.begin({ALICE}, 0)
    due.end(ALICE, took, failed=True)
    assert due.begin({ALICE}, took + rest - 0.1) == []
    assert due.begin({ALICE}, took + rest) == [ALICE]


def test_who_fails_slowly_rests_longer_each_time_until_it_is_quick() -> None:
    due = Due(REST)
    now = 0.0
    rests = []
    for _again in range(5):
        assert due.begin({ALICE}, now) == [ALICE]
        now += 120
        due.end(ALICE, now, failed=True)
        rest = next(each for each in range(2000) if due.begin({ALICE}, now + each))
        due.end(ALICE, now + rest, failed=True)
        rests.append(rest)
        now += rest + REST
    # A quick failure between two slow ones begins anew.
    assert rests == [120] * 5
    rests = []
    for _again in range(5):
        assert due.begin({ALICE}, now) == [ALICE]
        now += 120
        due.end(ALICE, now, failed=True)
        rest = min(120 * 2 ** len(rests), int(MOST_REST_SECONDS))
        assert due.begin({ALICE}, now + rest - 1) == []
        rests.append(rest)
        now += rest
    assert rests == [120, 240, 480, 900, 900]


def test_who_is_slow_and_succeeds_does_not_rest() -> None:
    due = Due(REST)
    due.begin({ALICE}, 0)
    due.end(ALICE, 500, failed=False)
    assert due.begin({ALICE}, 500) == [ALICE]


def test_who_hangs_gives_up_the_lane_to_others_after_a_while() -> None:
    due = Due(REST)
    hostile = people(LANES)
    assert due.begin(hostile, 0) == hostile
    assert due.begin({ALICE}, SLOW_SECONDS) == []
    assert due.begin({ALICE}, SLOW_SECONDS + 1) == [ALICE]


def test_who_was_slow_waits_for_the_slow_alone() -> None:
    due = Due(REST)
    hostile = people(2 * LANES)
    for half in (hostile[:LANES], hostile[LANES:]):
        assert due.begin(half, 0) == half
        ended(due, half, 100)
    assert due.begin(hostile, 100) == hostile[:LANES]
    # Neither those under way nor those who wait longer keep the quick from theirs.
    quick = people(LANES, name="quick")
    assert due.begin([*hostile, *quick], 101) == quick
    assert due.begin([*hostile, ALICE], 102) == []


def test_who_becomes_quick_is_one_of_the_quick() -> None:
    due = Due(REST)
    due.begin({ALICE}, 0)
    due.end(ALICE, 100, failed=False)
    hostile = people(LANES)
    due.begin(hostile, 0)
    ended(due, hostile, 100)
    # Alice waited longest, and has one of the slow lanes once more.
    assert due.begin([ALICE, *hostile], 100) == [ALICE, *hostile[: LANES - 1]]
    due.end(ALICE, 101, failed=False)
    due.begin(hostile, 101)
    assert due.begin({ALICE}, 102) == [ALICE]


def test_more_slow_ones_than_lanes_are_never_more_than_threads() -> None:
    due = Due(REST)
    under_way = 0
    for turn in range(10):
        begun = due.begin(people(100, name=f"turn{turn}-"), turn * (SLOW_SECONDS + 1))
        under_way += len(begun)
        assert under_way <= THREADS
    assert under_way == THREADS


def test_a_host_that_is_away_takes_half_of_the_lanes_at_most() -> None:
    due = Due(REST)
    far = people(50, "away")
    assert len(due.begin(far, 0)) == LANES // 2
    here = people(LANES)
    assert due.begin([*far, *here], 0) == here[: LANES // 2]
    slow = due.begin(far, SLOW_SECONDS + 1)
    assert len(slow) == LANES // 2
    # Those of the first turn are in slow lanes by now, these are in quick ones.
    assert due.begin(far, SLOW_SECONDS + 1) == []
    assert len(due.begin(people(50, "elsewhere"), 2 * (SLOW_SECONDS + 1))) == LANES // 2

"""Whose turn it is. Decides, and asks nobody: times come with the questions.

Users are mutually hostile, and each can make what is done for them as slow as they like. So each
has at most one step under way, and the slow ones, known by their last step or by this one, have
lanes of their own, so that they wait for each other alone. Who failed rests; who failed slowly
rests longer each time. A host that is reached by OpenSSH has half of the lanes at most, since
all who are on it are slow when it does not answer.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from sciportal.jobs.accounts.account_map import HERE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sciportal.jobs.store.job import Whose

LANES = 8
"""Steps at once of those who are quick, and as many of those who are slow."""
THREADS = 2 * LANES
SLOW_SECONDS = 10.0
"""A step that takes longer is slow: half a second is usual."""
MOST_REST_SECONDS = 900.0

_Lane = tuple[bool, str]
"""Whether it is a slow one's, and for which host; HERE for all hosts together."""


class _Past(NamedTuple):
    """What is remembered of somebody."""

    begun: float
    """When the last step began."""
    slow: bool = False
    failures: int = 0
    """Slow ones in a row."""
    rests_until: float = 0.0


class Due:
    """Remembers whose steps are under way, and how the last ones ended.

    Args:
        rest_seconds: for which those are left alone whose step failed.
    """

    def __init__(self, rest_seconds: float) -> None:
        self._rest_seconds = rest_seconds
        self._past: dict[Whose, _Past] = {}
        self._under_way: set[Whose] = set()

    def begin(self, waiting: Iterable[Whose], now: float) -> list[Whose]:
        """Those of who waits whose steps begin now, who waited longest first.

        Args:
            waiting: whose jobs need something.
            now: in seconds.
        """
        taken: Counter[_Lane] = Counter()
        for whose in self._under_way:
            _take(taken, whose, self._is_slow(whose, now))
        found = []
        for whose in sorted(waiting, key=self._begun):
            past = self._past.get(whose)
            if whose in self._under_way or (past and past.rests_until > now):
                continue
            slow = bool(past and past.slow)
            if _has_room(taken, whose, slow):
                _take(taken, whose, slow)
                self._under_way.add(whose)
                self._past[whose] = (past or _Past(now))._replace(begun=now)
                found.append(whose)
        return found

    def end(self, whose: Whose, now: float, *, failed: bool) -> None:
        """Note that somebody's step has ended.

        Args:
            whose: it was.
            now: in seconds.
            failed: whether somebody did not answer.
        """
        self._under_way.remove(whose)
        past = self._past[whose]
        took = now - past.begun
        slow = took > SLOW_SECONDS
        failures = past.failures + 1 if failed and slow else 0
        rest = 0.0
        if failed:
            longer = took * 2.0 ** (failures - 1) if slow else 0.0
            rest = max(self._rest_seconds, min(longer, MOST_REST_SECONDS))
        self._past[whose] = _Past(past.begun, slow, failures, now + rest)

    def _begun(self, whose: Whose) -> tuple[float, Whose]:
        past = self._past.get(whose)
        return (past.begun if past else float("-inf")), whose

    def _is_slow(self, whose: Whose, now: float) -> bool:
        past = self._past[whose]
        return past.slow or now - past.begun > SLOW_SECONDS


def _take(taken: Counter[_Lane], whose: Whose, slow: bool) -> None:
    # More than there are slow lanes can be slow by now; they stay where they began.
    lane = slow and taken[True, HERE] < LANES
    taken[lane, HERE] += 1
    if whose.host != HERE:
        taken[lane, whose.host] += 1


def _has_room(taken: Counter[_Lane], whose: Whose, slow: bool) -> bool:
    if whose.host != HERE and taken[slow, whose.host] >= LANES // 2:
        return False
    return taken[slow, HERE] < LANES

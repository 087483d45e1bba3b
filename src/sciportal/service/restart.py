"""Whether a main process that ended is started again, and when."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service import signals

if TYPE_CHECKING:
    from collections.abc import Sequence

POLICIES = ("never", "on-failure", "always")

# systemd.service(5), Restart=: ends by these are no failures.
_CLEAN = frozenset({signals.HUP, signals.INT, signals.PIPE, signals.TERM})


class Limits(NamedTuple):
    """How long and how often it is tried again. Times are in seconds."""

    delay_max: float = 60
    most: int = 10
    """So many restarts within `window` are the last."""
    window: float = 600


class Verdict(NamedTuple):
    """What follows an end."""

    delay: float | None
    """Seconds until the next start; None where there is none."""
    why: str
    """For the log."""
    gave_up: bool = False
    """Whether that is because it ended too often."""


def decide(
    policy: str,
    code: int,
    restarts: Sequence[float],
    now: float,
    limits: Limits,
    *,
    is_mistake: bool = False,
) -> Verdict:
    """Whether and when to start again.

    The delay is doubled with each restart of the window: 1, 2, 4 seconds and so on.

    Args:
        policy: one of POLICIES.
        code: exit status of the main process, or the negated number of its signal.
        restarts: when it was started again before, in seconds of any clock.
        now: the time of the same clock.
        limits: how long and how often.
        is_mistake: its program said that something is wrong that no restart mends.
    """
    if policy == "never":
        return Verdict(None, "its restart policy is never")
    if policy == "on-failure" and (code == 0 or -code in _CLEAN):
        return Verdict(None, "that is no failure")
    if is_mistake and policy == "on-failure":
        return Verdict(None, "it never served, and only a change can mend that")
    recent = sum(1 for each in restarts if now - each < limits.window)
    if recent >= limits.most:
        why = f"it was restarted {recent} times within {limits.window:g} s"
        return Verdict(None, why, gave_up=True)
    number = f"restart {recent + 1} of at most {limits.most} within {limits.window:g} s"
    return Verdict(min(2.0**recent, limits.delay_max), number)


def how_it_ended(code: int) -> str:
    """An end in words.

    Args:
        code: exit status, or the negated number of a signal.
    """
    if code >= 0:
        return f"ended with exit status {code}"
    return f"was killed by {signals.name_of(-code) or f'signal {-code}'}"

"""What an action says of one service: for programs, and for people."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service.endpoint import Endpoint
from sciportal.service.plan import Step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

SCHEMA = 1
NOT_SET_UP = "not set up"
"""The message of a service that has nothing to run."""

# Of several services the first that occurs.
_WORST_FIRST = (2, 4, 5, 6, 1, 3)


class Result(NamedTuple):
    """One service after an action."""

    service: str
    account: str
    action: str
    exit_code: int = 0
    changed: bool = False
    state: str = "unknown"
    job_id: int | None = None
    node: str | None = None
    endpoint: Endpoint | None = None
    since: int = 0
    """When the job started, or was submitted; seconds since the epoch, 0 for none."""
    steps: tuple[Step, ...] = ()
    message: str = ""
    phase: str = ""
    """How the main process is doing, see record.py; empty where nobody knows."""
    restarts: int = 0
    """How often it was started again since its job last began."""
    last_exit: int | None = None
    """Exit status of the main process that ended last; the negated number of its signal."""
    is_shell: bool = False
    """Whether the main process is a shell that waits for another: it gets the signals then."""
    kept: tuple[str, ...] = ()
    """Files that data are about and that somebody changed by hand, relative to the home."""
    warnings: tuple[str, ...] = ()
    """What whoever asked should know, although nothing failed."""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """The object of the command's JSON; only ever added to."""
        values: dict[str, Any] = self._asdict()
        values["endpoint"] = self.endpoint._asdict() if self.endpoint else None
        values["steps"] = [step._asdict() for step in self.steps]
        values["since"] = stamp(self.since) if self.since else None
        if self.before is None:
            del values["before"], values["after"]
        return values


def exit_code(codes: Sequence[int]) -> int:
    """The exit code of several services."""
    return next((code for code in _WORST_FIRST if code in codes), max(codes, default=0))


def stamp(seconds: int) -> str:
    """A time as ISO 8601, in UTC."""
    import time

    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def seconds_of(stamped: str) -> int:
    """The seconds since the epoch of a time that `stamp` wrote.

    strptime(3) of Python imports more than all of the command. The days are counted as in
    https://howardhinnant.github.io/date_algorithms.html#days_from_civil, with years that begin in
    March, so that a leap day is the last of its year.
    """
    date, clock = stamped.removesuffix("Z").split("T")
    year, month, day = map(int, date.split("-"))
    hours, minutes, seconds = map(int, clock.split(":"))
    if month < 3:
        year, month = year - 1, month + 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day
    return (days - 719469) * 86400 + hours * 3600 + minutes * 60 + seconds


def as_json(results: Sequence[dict[str, Any]]) -> str:
    """The whole answer for programs, of the objects of the results."""
    import json

    return json.dumps({"schema": SCHEMA, "results": list(results)})


def codes(results: Sequence[dict[str, Any]]) -> list[int]:
    """The exit codes in the objects of results."""
    return [int(each["exit_code"]) for each in results]

"""A job as the store knows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from sqlalchemy import Row

from sciportal.jobs import names, order
from sciportal.jobs.order import Order
from sciportal.jobs.states import OPEN, Cause, State


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job that is to be submitted."""

    owner: str
    """Who is signed in, or names.ANONYMOUS."""
    origin: str
    """The address from which it came."""
    parameters: Mapping[str, Any]
    order: Order
    """With job 0; the store numbers it."""
    backend: str

    @property
    def share(self) -> str:
        """Whose share of the cluster and whose quota it counts to."""
        return share(self.owner, self.origin)


def share(owner: str, origin: str) -> str:
    """A person, or an address where nobody is signed in."""
    return f"address {origin}" if owner == names.ANONYMOUS else f"user {owner}"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSummary:
    """What a list says of a job; times are microseconds since 1970, None before they came."""

    id: int
    owner: str
    origin: str
    share: str
    application: str
    name: str
    backend: str
    host: str
    account: str
    state: State
    attempt: int
    batch_id: str
    """The batch system's; empty before it said one."""
    worker: str
    reason: str
    """Why it ended as it did, or why it waits."""
    exit_code: int | None
    submitted_at: int
    sent_at: int | None
    """When it was about to be handed over, or claimed."""
    started_at: int | None
    ended_at: int | None
    deleted_at: int | None
    """Since when it is hidden."""
    purged_at: int | None
    """Since when its files are gone."""
    cancel_wanted: State | None
    """CANCEL or DELETE, while it still has to be stopped."""
    collected_at: int | None
    results_sum: str
    priority: int

    @property
    def final(self) -> bool:
        """Whether it has ended."""
        return self.state.final


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(JobSummary):
    """A job with all that is known of it, which may be a megabyte."""

    parameters_text: str = field(repr=False)
    order_text: str = field(repr=False)
    points_failed_text: str = field(repr=False)
    usage_text: str = field(repr=False)

    @property
    def order(self) -> Order:
        """What who runs it must know, for this attempt; without a token."""
        return order.loads(self.order_text).at(self.id, self.attempt)

    @property
    def parameters(self) -> dict[str, Any]:
        """What its owner gave."""
        return _document(self.parameters_text)

    @property
    def points_failed(self) -> dict[str, Any]:
        """Of a mapped job whose results are here, see `failed_points`: which points failed."""
        return _document(self.points_failed_text)

    @property
    def usage(self) -> dict[str, Any]:
        """What it used, as far as that was measured."""
        return _document(self.usage_text)


def _document(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document


# The two whose columns bear other names.
_COLUMNS = {"parameters_text": "parameters", "points_failed_text": "points_failed"} | {
    "usage_text": "usage"
}
_NAMES = [(each.name, _COLUMNS.get(each.name, each.name)) for each in fields(Job)]
SUMMARY = tuple(each.name for each in fields(JobSummary))
"""The columns of a summary."""


def of_row(row: Row[Any]) -> Job:
    """The job in a row of the table."""
    return of_columns(row._mapping)


def of_columns(values: Mapping[Any, Any]) -> Job:
    """The job with these values of the table's columns."""
    return Job(**_read({name: values[column] for name, column in _NAMES}))


def summary(row: Row[Any]) -> JobSummary:
    """The summary in a row with its columns."""
    return JobSummary(**_read(dict(row._mapping)))


def _read(given: dict[str, Any]) -> dict[str, Any]:
    wanted = given["cancel_wanted"]
    given["state"] = State(given["state"])
    given["cancel_wanted"] = State(wanted) if wanted else None
    return given


class Whose(NamedTuple):
    """Somebody's jobs on a host; who acts for them is one account there."""

    owner: str
    host: str
    """Of the account map; empty for this cluster."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What came out of a job, and is in its place."""

    results_sum: str
    """SHA-256 of the results, by which the same are known again."""
    usage: Mapping[str, Any] = field(default_factory=dict)
    """What the job used."""
    points_failed: Mapping[str, Any] = field(default_factory=dict)
    """Of a mapped job."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Which jobs are wanted."""

    owner: str | None = None
    """None: everybody's."""
    origin: str | None = None
    """Where it matters whence they came: of those who are not signed in."""
    states: frozenset[State] = frozenset(State)
    before: int | None = None
    """Older than this one."""
    limit: int = 100


ENDED = frozenset(State) - OPEN


@dataclass(frozen=True, slots=True)
class JobEvent:
    """What happened to a job, as it was noted."""

    id: int
    """0 where that does not matter."""
    job: int
    attempt: int
    at: int
    cause: Cause
    text: str
    final: bool

"""Slurm: this cluster's, as the account of a user by the helper, and that of hosts by OpenSSH."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING

from sciportal.jobs import names
from sciportal.jobs.accounts import sighting, wire
from sciportal.jobs.accounts.account_map import HERE
from sciportal.jobs.accounts.place import TASKS_SUFFIX, job_name
from sciportal.jobs.order import to_json
from sciportal.jobs.outputs import MOST_FILES
from sciportal.jobs.queue.backend import Attempt, Collected, Parcel, Phase, Sight, Tail
from sciportal.jobs.queue.snapshot import Snapshot
from sciportal.service.errors import NotPermittedError, ServiceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sciportal.jobs.accounts.client import Helper
    from sciportal.jobs.order import Order
    from sciportal.jobs.strict import Table
    from sciportal.service.slurm import Slurm

_MOST_ASKED = 500
"""Jobs of one account in one question."""
_TAIL_SECONDS = 8.0
"""Somebody looks at a page meanwhile."""


class SlurmBackend:
    """A `Backend`.

    Args:
        helper: acts as the accounts.
        slurm: asks the queue of this cluster for all jobs at once.
    """

    pulls = False

    def __init__(self, helper: Helper, slurm: Slurm) -> None:
        self._helper = helper
        self._snapshot = Snapshot(slurm)

    def send(self, parcels: Sequence[Parcel]) -> Sequence[str | ServiceError]:
        """See `Backend`."""
        files = [each.inputs / file.name for each in parcels for file in each.order.files]
        request = {"orders": [to_json(each.order) for each in parcels]}
        first = parcels[0].order
        answer = self._helper.ask("submit", first.user, first.host, request, files=files)
        try:
            return [_answered(each) for each in answer.tables("jobs", most=len(parcels))]
        except UsageError as error:
            raise wire.no_answer(error.found) from None

    def look(self, orders: Sequence[Order]) -> Mapping[Attempt, Sight | Exception]:
        """See `Backend`: one squeue here, and one question for each account with jobs not in it."""
        found: dict[Attempt, Sight | Exception] = {}
        attempts = [Attempt.of(each) for each in orders]
        here = [each for each in attempts if each.host == HERE]
        if here:
            try:
                accounts = self._helper.accounts()
                queue = self._snapshot.queue()
            except ServiceError as error:
                return dict.fromkeys(attempts, error)
            for each in here:
                try:
                    account = accounts.find(each.user).name
                except NotPermittedError as error:
                    found[each] = error
                    continue
                name = job_name(each.job, each.attempt)
                tasks = name + TASKS_SUFFIX
                jobs = [*queue.get((name, account), ()), *queue.get((tasks, account), ())]
                sight = sighting.in_queue(jobs)
                if sight:
                    found[each] = sight
        asked: dict[tuple[str, str], list[Attempt]] = defaultdict(list)
        for each in attempts:
            if each not in found:
                asked[each.user, each.host].append(each)
        for (user, host), group in asked.items():
            for start in range(0, len(group), _MOST_ASKED):
                found |= self._ask(user, host, group[start : start + _MOST_ASKED])
        return found

    def _ask(
        self, user: str, host: str, group: Sequence[Attempt]
    ) -> Mapping[Attempt, Sight | Exception]:
        jobs = [{"job": each.job, "attempt": each.attempt} for each in group]
        try:
            answer = self._helper.ask("look", user, host, {"jobs": jobs})
            sights = [_sight(each) for each in answer.tables("jobs", most=len(group))]
        except ServiceError as error:
            return dict.fromkeys(group, error)
        if len(sights) != len(group):
            return dict.fromkeys(group, wire.no_answer("it left jobs out"))
        return dict(zip(group, sights, strict=True))

    def cancel(self, attempt: Attempt) -> None:
        """See `Backend`."""
        self._helper.ask("cancel", attempt.user, attempt.host, _named(attempt))

    def withdraw(self, attempt: Attempt) -> None:
        """See `Backend`."""
        self._helper.ask("withdraw", attempt.user, attempt.host, _named(attempt))

    def collect(self, order: Order, into: Path) -> Collected:
        """See `Backend`."""
        attempt = Attempt.of(order)
        most = order.limits.total_bytes
        request = {**_named(attempt), "outputs": list(order.outputs), "most": most}
        take = _Taker(into, most)
        answer = self._helper.ask("collect", order.user, order.host, request, take=take)
        try:
            return Collected(answer.mapping("usage"), answer.texts("left_out", ()))
        except UsageError as error:
            # Asked again, it would say the same for ever; the files are here.
            return Collected({}, (f"what the job used: {error.found}",))

    def tail(self, attempt: Attempt, stream: str, start: int, most: int) -> Tail:
        """See `Backend`."""
        request = {**_named(attempt), "stream": stream, "start": start, "most": most}
        held = bytearray()

        def take(_name: str, size: int, read: Callable[[int], bytes]) -> None:
            if size > most:
                raise wire.no_answer("it sent more than it was asked for")
            wire.copy(read, held.extend, size)

        answer = self._helper.ask(
            "tail", attempt.user, attempt.host, request, take=take, seconds=_TAIL_SECONDS
        )
        return Tail(answer.number("size"), answer.number("start"), bytes(held))

    def clean(self, attempt: Attempt) -> None:
        """See `Backend`."""
        self._helper.ask("clean", attempt.user, attempt.host, _named(attempt))

    def close(self) -> None:
        """See `Backend`."""
        self._helper.close()


class _Taker:
    """Writes what the helper sends, which is as hostile as the job, into a directory."""

    def __init__(self, into: Path, most: int) -> None:
        self._into = into
        self._left = most
        self._files = 0

    def __call__(self, name: str, size: int, read: Callable[[int], bytes]) -> None:
        self._left -= size
        self._files += 1
        if not names.is_path(name) or self._left < 0 or self._files > MOST_FILES:
            raise UsageError("take results", f"{name[:80]!r} is none that may be", "see the host")
        path = self._into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as file:
            wire.copy(read, file.write, size)
            file.flush()
            os.fsync(file.fileno())


def _answered(said: Table) -> str | ServiceError:
    if said.has("error"):
        return wire.error_in(said.table("error"))
    return said.text("batch", most=64)


def _named(attempt: Attempt) -> dict[str, int]:
    return {"job": attempt.job, "attempt": attempt.attempt}


def _sight(said: Table) -> Sight:
    try:
        phase = Phase(said.text("phase"))
    except ValueError:
        raise wire.no_answer("it names a phase that is not known") from None
    exit_code = None if said.nothing("exit") else said.number("exit", most=255)
    sight = Sight(phase, exit_code, said.text("reason"), said.truth("node_died"))
    said.done()
    return sight

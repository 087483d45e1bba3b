"""The worker: one loop that keeps leases, moves each job one step on, and asks for more."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sciportal.jobs import order as orders
from sciportal.jobs.accounts.place import JOBS
from sciportal.jobs.exchange import MOST_REASON, Ask, Beat, Holding, Report
from sciportal.jobs.order import Order
from sciportal.jobs.states import Cause
from sciportal.jobs.worker import entry as entries
from sciportal.jobs.worker import errands, policy
from sciportal.jobs.worker.connection import DamagedError, RefusedError
from sciportal.jobs.worker.entry import Deed, Entry, Seen, Step, Wish
from sciportal.jobs.worker.ledger import Ledger
from sciportal.jobs.worker.patience import Patience
from sciportal.jobs.worker.place import Place, left, why
from sciportal.jobs.worker.portal import Portal, Taken
from sciportal.jobs.worker.settings import Settings
from sciportal.jobs.worker.writing import Writing
from sciportal.service.errors import ServiceError

_ERRANDS = 4
_TICK_SECONDS = 0.5
_FIRST_LEASE = 60.0
# How often a file may come damaged, or the disk be full, before the job is given up here.
_TRIES = 5
_ASKING, _BEATING = "asking", "beating"

Script = Callable[[Order, Path], str]
"""The script that runs a job in its directory."""


@dataclass
class Parts:
    """What a worker is made of."""

    settings: Settings
    portal: Portal
    ledger: Ledger
    place: Place
    script: Script
    clock: Callable[[], float] = time.monotonic


class Worker:
    """See the module. Nothing but this thread writes the ledger.

    Args:
        parts: what it is made of.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._entries = {each.key: each for each in parts.ledger.entries()}
        self._under_way: dict[str, Future[Any]] = {}
        self._patience = Patience(parts.clock)
        self._writing = Writing(self.directory)
        self._lease = _FIRST_LEASE
        self._beaten = self._asked = float("-inf")
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Have `run` come to its end; jobs go on, and are taken up again by the next worker."""
        self._stopping.set()

    def run(self) -> None:
        """Work until `stop` is called; what fails is tried again, a full disk included."""
        self._guard("sweep", self._sweep)
        with ThreadPoolExecutor(_ERRANDS) as pool:
            while not self._stopping.is_set():
                self._round(pool)
                self._stopping.wait(min(_TICK_SECONDS, self._settings.poll_seconds))

    def directory(self, key: str) -> Path:
        """Where a job is."""
        return self._settings.spool / JOBS / key

    def _round(self, pool: ThreadPoolExecutor) -> None:
        self._collect()
        self._guard("looking", partial(self._move, pool))
        self._guard(_BEATING, self._beat)
        self._guard(_ASKING, self._ask)

    def _sweep(self) -> None:
        """Remove what an earlier worker had no time to remove."""
        for path in (self._settings.spool / JOBS).iterdir():
            if path.is_dir() and path.name not in self._entries:
                self._guard("sweep", partial(errands.remove, path))

    def _beat(self) -> None:
        for each in entries.superseded(self._entries.values()):
            self._wish(each, Wish.DROP, "a later attempt is here")
        # The portal names jobs, not attempts: it is told one attempt of each, and means that.
        held = [each for each in self._entries.values() if each.wish is not Wish.DROP]
        ready = [each for each in held if each.step is Step.READY]
        every = min(self._lease / 3, self._settings.poll_seconds)
        due = self._parts.clock() - self._beaten >= every
        if not (due or ready) or not self._patience.is_due(_BEATING):
            return
        told = [
            Holding(each.order.job, each.order.attempt, each.step in (Step.READY, Step.GRANTED))
            for each in held
        ]
        # Where the way is bad, nothing holds up what keeps the leases.
        well = not self._patience.failures(_BEATING)
        granted = [each for each in held if each.step is Step.GRANTED]
        written = self._writing.news(granted if well else ())
        try:
            pulse = self._parts.portal.beat(Beat(self._settings.name, tuple(told), written))
        except ServiceError as error:
            self._failed(_BEATING, error)
            return
        self._writing.told()
        self._patience.went_well(_BEATING)
        self._beaten, self._lease = self._parts.clock(), pulse.lease
        for each in held:
            job = each.order.job
            if job in pulse.lost:
                self._wish(each, Wish.DROP)
            elif job in pulse.cancel and each.wish is Wish.NOTHING:
                self._wish(each, Wish.CANCEL)
        for each in ready:
            if self._entries[each.key].wish is Wish.NOTHING:
                self._put(each._replace(step=Step.GRANTED))

    def _wish(self, entry: Entry, wish: Wish, why: str = "the portal says") -> None:
        if entry.wish is not wish:
            self._put(entry._replace(wish=wish))
            self._say(entry.key, f"{why}: {wish.value}")

    def _ask(self) -> None:
        held = len(self._entries)
        room = self._settings.max_jobs - held
        due = self._parts.clock() - self._asked >= self._settings.poll_seconds
        if room <= 0 or not due or not self._patience.is_due(_ASKING) or not self._has_space():
            return
        request = self._parts.ledger.request(room)
        running = tuple(each.order.job for each in self._entries.values())
        try:
            given = self._parts.portal.claim(
                Ask(self._settings.name, request.name, request.room, running)
            )
        except ServiceError as error:
            self._failed(_ASKING, error)
            return
        self._patience.went_well(_ASKING)
        self._asked = self._parts.clock()
        for each in given:
            self._take(each)
        self._parts.ledger.answered()

    def _take(self, given: object) -> None:
        try:
            order = orders.from_json(given)
        except ServiceError as error:
            self._say(_ASKING, str(error))
            self._refuse(given, str(error))
            return
        key = entries.key(order.job, order.attempt)
        if key in self._entries:
            return
        entry = Entry(policy.admitted(order, self._settings), Step.CLAIMED)
        reason = policy.refusal(order, self._settings)
        if reason:
            outcome = Report(order.attempt, Cause.REFUSED, reason=reason)
            entry = entry._replace(step=Step.ENDED, outcome=outcome)
        self._put(entry)
        self._say(key, reason or "taken")

    def _refuse(self, given: object, reason: str) -> None:
        """Say that an order is none, as far as it can be told whose."""
        job = given.get("job") if isinstance(given, dict) else None
        attempt = given.get("attempt") if isinstance(given, dict) else None
        if isinstance(job, int) and isinstance(attempt, int):
            report = Report(attempt, Cause.REFUSED, reason=reason[:MOST_REASON])
            self._parts.portal.post(job, report, ())

    def _has_space(self) -> bool:
        status = os.statvfs(self._settings.spool)
        return status.f_bavail * status.f_frsize >= self._settings.limits.free_bytes

    def _move(self, pool: ThreadPoolExecutor) -> None:
        granted = [each for each in self._entries.values() if each.step is Step.GRANTED]
        seen = self._parts.place.look(granted) if granted else {}
        for entry in list(self._entries.values()):
            if entry.key not in self._under_way and self._patience.is_due(entry.key):
                what = seen.get(entry.key, Seen.UNKNOWN)
                self._guard(entry.key, partial(self._do, pool, entry, what))

    def _do(self, pool: ThreadPoolExecutor, entry: Entry, seen: Seen) -> None:
        directory, portal = self.directory(entry.key), self._parts.portal
        match entries.next_deed(entry, seen):
            case Deed.FETCH:
                script = self._parts.script(entry.order, directory)
                self._under_way[entry.key] = pool.submit(
                    errands.fetch, portal, entry.order, directory, script
                )
            case Deed.START:
                self._parts.place.start(entry, directory)
                self._say(entry.key, "started")
            case Deed.END:
                self._parts.place.end(entry, directory)
            case Deed.CONCLUDE:
                found = left(directory, entry.order)
                self._conclude(entry, entries.outcome(entry, seen, found, why(directory)))
            case Deed.DELIVER:
                most = self._settings.limits.results_bytes
                self._under_way[entry.key] = pool.submit(
                    errands.deliver, portal, entry, directory, most
                )
            case Deed.FORGET:
                self._forget(entry)

    def _collect(self) -> None:
        """Take up what the errands came to."""
        for key, future in list(self._under_way.items()):
            if future.done():
                del self._under_way[key]
                self._guard(key, partial(self._returned, self._entries[key], future))

    def _returned(self, entry: Entry, future: Future[Any]) -> None:
        try:
            came = future.result()
        except RefusedError as error:
            if entry.step is Step.CLAIMED and error.status in (404, 409, 410):
                self._wish(entry, Wish.DROP)
                return
            raise
        except (DamagedError, OSError) as error:
            if entry.step is not Step.CLAIMED or self._patience.failures(entry.key) < _TRIES:
                raise
            cause = Cause.REFUSED if isinstance(error, DamagedError) else Cause.REQUEUED
            self._conclude(
                entry, Report(entry.order.attempt, cause, reason=str(error)[:MOST_REASON])
            )
            return
        self._patience.went_well(entry.key)
        if entry.step is Step.CLAIMED:
            self._put(entry._replace(step=Step.READY))
        elif isinstance(came, Taken):
            self._say(entry.key, f"delivered: {came.value}")
            self._forget(entry)

    def _conclude(self, entry: Entry, outcome: Report) -> None:
        self._put(entry._replace(step=Step.ENDED, outcome=outcome))
        code = "" if outcome.exit is None else f", exit code {outcome.exit}"
        self._say(entry.key, f"{outcome.cause.value}{code} {outcome.reason}".rstrip())

    def _put(self, entry: Entry) -> None:
        self._parts.ledger.put(entry)
        self._entries[entry.key] = entry

    def _forget(self, entry: Entry) -> None:
        self._parts.ledger.drop(entry.key)
        del self._entries[entry.key]
        self._patience.went_well(entry.key)
        errands.remove(self.directory(entry.key))

    def _guard(self, key: str, action: Callable[[], None]) -> None:
        """Do something for one job, whose failure is none of the others'."""
        try:
            action()
        except (ServiceError, OSError) as error:
            self._failed(key, error)

    def _failed(self, key: str, error: Exception) -> None:
        if self._patience.failed(key) in (1, 10) or isinstance(error, OSError):
            self._say(key, str(error))

    def _say(self, key: str, text: str) -> None:
        print(f"{key}: {text}", file=sys.stderr, flush=True)

"""Replacing the processes of a running instance by new ones, without losing a request.

A chain reload replaces one worker after another; each loads the application anew, and the others
go on answering. A full one replaces the master's program as well, which reads its configuration
again; requests wait in the socket meanwhile. (uWSGI's documentation, "The Master FIFO".)
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import NamedTuple

from sciportal.apps import instance as instances
from sciportal.apps.instance import Ask, Instance
from sciportal.apps.place import Place
from sciportal.service.errors import NotRunningError, ServiceError

_EVERY = 0.2
# A chain passes over workers that are just loading. Asking again during one does nothing.
_AGAIN_SECONDS = 10.0


class Order(Enum):
    """What the master is told."""

    CHAIN = "c"
    FULL = "r"


class Progress(NamedTuple):
    """How far it is."""

    left: frozenset[int]
    """Old processes that are still there."""
    nudged: frozenset[int]
    """Those of them that uwsgi counts as gone already."""
    done: bool


class Seams(NamedTuple):
    """The outside."""

    ask: Ask = instances.ask
    tell: Callable[[Place, str], None] = instances.tell
    kill: Callable[[int, int], None] = os.kill
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def progress(old: frozenset[int], found: Instance | None) -> Progress:
    """How far the renewal is.

    Args:
        old: the processes that are to be replaced.
        found: what uwsgi says now; None where it does not answer just now.
    """
    if found is None:
        return Progress(old, frozenset(), done=False)
    left = frozenset(each.pid for each in found.workers) & old
    nudged = frozenset(each.pid for each in found.workers if each.going and each.pid in left)
    ready = any(each.accepting and not each.going for each in found.workers)
    return Progress(left, nudged, done=not left and ready)


def renew(place: Place, order: Order, patience: float, seams: Seams | None = None) -> None:
    """Tell a running instance to renew itself, and wait until no old process is left.

    Args:
        place: of the application.
        order: how.
        patience: longest wait in seconds; a worker waits for its requests.
        seams: the outside.

    Raises:
        NotRunningError: nothing runs.
        ServiceError: it was not over in time.
    """
    outside = seams or Seams()
    running = outside.ask(place)
    if running is None:
        raise NotRunningError(f"the application {place.name}", "it does not run", "start it first")
    old = frozenset(each.pid for each in running.workers)
    outside.tell(place, order.value)
    begun = moved = outside.now()
    left, nudged = old, frozenset[int]()
    while not (state := progress(old, outside.ask(place))).done:
        # A process that uwsgi gave up ("cheap") may go on accepting for its whole mercy, with the
        # old application; the signal ends it as soon as its requests are answered.
        for pid in state.nudged - nudged:
            with suppress(ProcessLookupError):
                outside.kill(pid, signal.SIGHUP)
        nudged |= state.nudged
        now = outside.now()
        if now - begun > patience:
            raise ServiceError(
                f"new processes for the application {place.name}",
                f"after {patience:.0f} s {len(state.left)} old ones are there",
                "look into its log; the same command goes on with it",
            )
        if state.left != left:
            left, moved = state.left, now
        elif order is Order.CHAIN and now - moved > _AGAIN_SECONDS:
            outside.tell(place, order.value)
            moved = now
        outside.sleep(_EVERY)

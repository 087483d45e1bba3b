"""A steady load on pages, with what came of each request."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from cluster.testbed import Cluster, Page


class Request(NamedTuple):
    """One request and its end, in seconds of the monotonic clock."""

    path: str
    begun: float
    ended: float
    page: Page | None
    problem: str
    """Why there is no whole answer."""


class Load:
    """People who ask for a page, wait for the answer, and ask again.

    Args:
        cluster: whose front end they ask.
        people: each a path, and the seconds from one request's beginning to the next one's; a
            slow answer makes it longer.
        host: whose pages they ask for, where not those of the public host.
    """

    def __init__(
        self, cluster: Cluster, people: Sequence[tuple[str, float]], host: str = ""
    ) -> None:
        self._cluster = cluster
        self._headers = {"Host": host} if host else {}
        self._over = threading.Event()
        self._people = [threading.Thread(target=self._ask, args=each) for each in people]
        self.requests: list[Request] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """They ask all that time."""
        for each in self._people:
            each.start()
        try:
            yield
        finally:
            self._over.set()
            for each in self._people:
                each.join()

    def _ask(self, path: str, every: float) -> None:
        while not self._over.is_set():
            begun = time.monotonic()
            page, problem = None, ""
            try:
                page = self._cluster.get(path, self._headers)
            except (OSError, http.client.HTTPException, urllib.error.URLError) as error:
                problem = repr(error)
            ended = time.monotonic()
            self.requests.append(Request(path, begun, ended, page, problem))
            self._over.wait(max(0.0, every - (ended - begun)))

    def answers(self) -> list[Request]:
        """All requests, in the order in which they were begun."""
        return sorted(self.requests, key=lambda each: each.begun)


def gaps(requests: Sequence[Request], apart: float) -> list[float]:
    """How long each time without the page lasted, in seconds.

    Args:
        requests: in the order in which they were begun.
        apart: what was served between two failures that are no further apart, in seconds, does
            not end it: a connection that is still open may be answered longer than a new one.

    Returns:
        For each time, the seconds from its first failure to the next answer after its last one.
    """
    failed = [each.begun for each in requests if not is_served(each)]
    served = [each.begun for each in requests if is_served(each)]
    firsts = [n for n, begun in enumerate(failed) if n == 0 or begun - failed[n - 1] > apart]
    lasts = [*(n - 1 for n in firsts[1:]), len(failed) - 1] if failed else []
    found = []
    for first, last in zip(firsts, lasts, strict=True):
        after = [begun for begun in served if begun > failed[last]]
        found.append((after[0] if after else requests[-1].ended) - failed[first])
    return found


def is_served(request: Request) -> bool:
    """Whether the page came."""
    return request.page is not None and request.page.status == 200

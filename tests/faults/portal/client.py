"""A program that submits jobs, each as often as it takes to hear that it was accepted."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

_PAUSE_SECONDS = 0.2
_AGAIN_SECONDS = 0.5
_ANSWER_SECONDS = 10
# A code for some of the jobs, which is not that of a signal.
_FAILING, _CODE = 10, 3


class Wish(NamedTuple):
    """One job to submit."""

    number: int
    backend: str

    @property
    def code(self) -> int:
        """With which it ends."""
        return 0 if self.number % _FAILING else _CODE

    @property
    def text(self) -> str:
        """Its input."""
        return f"input of {self.number}\n"


def wishes(number: int, backends: Sequence[str]) -> Iterator[Wish]:
    """So many jobs, for each backend in turn."""
    return (Wish(*pair) for pair in zip(range(1, number + 1), cycle(backends), strict=False))


class Client(threading.Thread):
    """See the module.

    Args:
        door: address and port of the portal.
        authority: that its certificate is checked with.
        wanted: the jobs.
        seconds: that each runs.
    """

    def __init__(
        self, door: tuple[str, int], authority: Path, wanted: Iterator[Wish], seconds: float
    ) -> None:
        super().__init__(daemon=True)
        self._door = door
        self._context = ssl.create_default_context(cafile=str(authority))
        self._wanted = wanted
        self._seconds = seconds
        self.accepted: dict[int, Wish] = {}
        """By the portal's numbers."""
        self.repeated = 0
        """How often a submission was repeated."""
        self.problem = ""

    def run(self) -> None:
        """Submit one after the other."""
        for wish in self._wanted:
            while (found := self._submit(wish)) is None:
                self.repeated += 1
                time.sleep(_AGAIN_SECONDS)
            if self.problem:
                return
            self.accepted[found] = wish
            time.sleep(_PAUSE_SECONDS)

    def _submit(self, wish: Wish) -> int | None:
        body = {
            "application": "storm",
            "name": str(wish.number),
            "parameters": {"code": wish.code, "seconds": self._seconds},
            "files": {"input.txt": wish.text},
            "backend": wish.backend,
        }
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"storm-{wish.number}"}
        connection = http.client.HTTPSConnection(
            *self._door, timeout=_ANSWER_SECONDS, context=self._context
        )
        try:
            connection.request("POST", "/jobs.json", json.dumps(body), headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if answer.status == 201:
            return int(json.loads(said)["id"])
        if answer.status >= 500:
            return None
        self.problem = f"{answer.status}: {said.decode()}"
        return 0

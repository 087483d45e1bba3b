"""What the worker has promised, on disk: its jobs, and the question for jobs that is under way."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import NamedTuple

from sciportal.jobs import exchange
from sciportal.jobs import order as orders
from sciportal.jobs.worker import durable
from sciportal.jobs.worker.entry import Entry, Step, Wish
from sciportal.service.errors import BusyError, ServiceError

LEDGER = "ledger"


class Request(NamedTuple):
    """A question for jobs: asked again with the same name, it is answered with the same jobs."""

    name: str
    room: int


class Ledger:
    """The ledger of one worker, held by one process at a time.

    Args:
        spool: the worker's directory, which is there.

    Raises:
        BusyError: another worker holds it.
        OSError: it cannot be made.
    """

    def __init__(self, spool: Path) -> None:
        self.directory = spool / LEDGER
        self.directory.mkdir(mode=0o700, exist_ok=True)
        self._request = spool / "request.json"
        self._lock = os.open(spool / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            found = "another worker runs with it"
            raise BusyError(f"the spool {spool}", found, "give each worker its own") from None

    def close(self) -> None:
        """Let another process hold it."""
        os.close(self._lock)

    def entries(self) -> list[Entry]:
        """All jobs, the oldest first.

        Raises:
            ServiceError: a file of it is not as it was written.
        """
        return read(self.directory)

    def has(self, key: str) -> bool:
        """Whether a job is in it."""
        return self._path(key).exists()

    def put(self, entry: Entry) -> None:
        """Write down how far a job has come.

        Raises:
            OSError: it could not be written; what was there stands.
        """
        told = entry.outcome
        durable.write(
            self._path(entry.key),
            json.dumps(
                {
                    "step": entry.step.value,
                    "wish": entry.wish.value,
                    "outcome": None if told is None else exchange.to_json(told),
                    "order": orders.to_json(entry.order),
                }
            ).encode(),
        )

    def drop(self, key: str) -> None:
        """Forget a job.

        Raises:
            OSError: it could not be removed.
        """
        durable.remove(self._path(key))

    def request(self, room: int) -> Request:
        """The question that got no answer yet, or else a new one, which is written down first.

        Args:
            room: how many jobs a new one asks for.

        Raises:
            OSError: it could not be written.
        """
        try:
            given = json.loads(self._request.read_bytes())
            return Request(str(given["name"]), int(given["room"]))
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError):
            # Written by rename, so this was not us; an old question costs no more than a lease.
            durable.remove(self._request)
        made = Request(secrets.token_hex(16), room)
        durable.write(self._request, json.dumps(made._asdict()).encode())
        return made

    def answered(self) -> None:
        """The jobs of the question are all in the ledger.

        Raises:
            OSError: that could not be noted; the same question will be asked again.
        """
        durable.remove(self._request)

    def _path(self, key: str) -> Path:
        return self.directory / f"{key}.json"


def read(directory: Path) -> list[Entry]:
    """See Ledger.entries; nobody has to hold it."""
    found = [_read(path) for path in directory.glob("[0-9]*.json")]
    return sorted(found, key=lambda entry: (entry.order.job, entry.order.attempt))


def _read(path: Path) -> Entry:
    try:
        given = json.loads(path.read_bytes())
        told = given["outcome"]
        return Entry(
            orders.from_json(given["order"]),
            Step(given["step"]),
            Wish(given["wish"]),
            None if told is None else exchange.report(told),
        )
    except (ServiceError, ValueError, KeyError, TypeError, OSError) as error:
        wanted, advice = f"the ledger's file {path}", "move it away; its job counts as lost then"
        raise ServiceError(wanted, f"it cannot be read: {error}", advice) from None

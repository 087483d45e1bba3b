"""What the runner of a service's job writes down, and others read: one writer, many readers.

It is the account's own file, so nothing but messages for that account follows from it.
"""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service import plain
from sciportal.service.errors import ServiceError
from sciportal.service.home import Home
from sciportal.service.layout import Layout

if TYPE_CHECKING:
    from typing import Any

SCHEMA = 1

RUNNING = "running"
RESTARTING = "restarting"
"""The main process ended and is started again after a while."""
RENEWING = "renewing"
"""The job goes back to the queue, because its time is over."""
GAVE_UP = "gave up"
"""It ended too often."""
ENDED = "ended"

_LIMIT = 4096


class Record(NamedTuple):
    """How the main process of a job is doing. Times are in seconds since the epoch."""

    job_id: int = 0
    phase: str = ""
    restarts: int = 0
    """How often the main process was started again in this job, since the job last began."""
    last_exit: int | None = None
    """Exit status of the main process that ended last; the negated number of its signal."""
    since: int = 0
    """When this phase began."""
    until: int = 0
    """When the next start is due; 0 for none."""
    is_shell: bool = False
    """Whether the main process is a shell that waits for another process."""
    listens: bool = False
    """Whether it listens on the port of the service, so that other hosts can reach it."""
    obstacle: str = ""
    """Who has that port instead."""

    def save(self, home: Home, layout: Layout) -> None:
        """Write it; a host that loses its power loses the job as well.

        Raises:
            ServiceError: the home takes no writing.
        """
        text = plain.to_json({"schema": SCHEMA, **self._asdict()})
        home.write(layout.record, text, is_durable=False)


def load(home: Home, layout: Layout) -> Record:
    """The record of a service; an empty one where there is none that can be read."""
    try:
        text = home.read(layout.record, _LIMIT)
        if text is None:
            return Record()
        values = plain.loads(text)
    except (ServiceError, ValueError, RecursionError):
        return Record()
    if not isinstance(values, dict) or values.pop("schema", None) != SCHEMA:
        return Record()
    known = {key: values[key] for key in Record._fields if _fits(key, values.get(key))}
    return Record(**known)


def _fits(key: str, value: Any) -> bool:
    if key == "last_exit":
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 16
    kind = type(Record._field_defaults[key])
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40
    return isinstance(value, kind) and (kind is not str or value.isprintable())

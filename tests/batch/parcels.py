"""Jobs that are handed over to a Slurm of the tests' own."""

from __future__ import annotations

import hashlib
from itertools import count
from pathlib import Path
from typing import Any

from sciportal.jobs.order import InputFile, Order
from sciportal.jobs.queue.backend import Parcel

_NUMBERS = count(2_000_000)


def parcel(place: Path, data: bytes = b"", **more: Any) -> Parcel:
    """A job of alice's that shows its input, which has a directory of its own."""
    job = next(_NUMBERS)
    inputs = place / str(job)
    inputs.mkdir()
    (inputs / "data").write_bytes(data)
    file = InputFile("data", len(data), hashlib.sha256(data).hexdigest())
    given = {"application": "shell", "name": "a job", "account": "alice", "host": "", **more}
    given = {"script": "cat data", "outputs": ("*",), "files": (file,), **given}
    return Parcel(Order(job=job, attempt=1, user="alice", **given), inputs)

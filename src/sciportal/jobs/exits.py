"""What an exit code says of a job's limits, in a sentence for people."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sciportal.jobs.order import Limits

_SIGNALLED = 128


def explain(code: int, limits: Limits) -> str:
    """Why a script ended with a code; empty where the code does not tell.

    Args:
        code: of the script, 128 and the number of the signal that ended it.
        limits: the job's.
    """
    number = code - _SIGNALLED
    if number == signal.SIGXCPU:
        return f"it used more than {limits.cpu_seconds} s of processor time"
    if number == signal.SIGXFSZ:
        return f"one of its files grew larger than {limits.file_bytes} bytes"
    if number in signal.valid_signals():
        return f"it was ended by the signal {signal.Signals(number).name}"
    return ""

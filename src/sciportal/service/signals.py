"""Numbers of signals that the command sends of itself.

They are Linux's on every architecture that it and Slurm run on (signal(7), "Signal numbering for
standard signals"). The standard library's `signal` has them too, and imports what takes as long
as half a squeue; it is asked where a name is to be read or shown.
"""

from __future__ import annotations

HUP = 1
INT = 2
PIPE = 13
TERM = 15
XFSZ = 25
KILL = 9


def name_of(number: int) -> str:
    """The name of a signal, as SIGTERM; empty where it has none."""
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return ""

"""Imported by each process of uwsgi: its end waits for the requests that its threads still answer.

A process that uwsgi no longer needs ("cheaper") is ended by its first thread, whatever the others
do: their visitors would get no answer (measured with 2.0.21). So before the end no thread accepts
any more, and those in a request come to its end.

Runs in the application's Python, so it imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

_EVERY = 0.05
_SECONDS = 5.0


def busy(said: bytes, worker: int) -> bool:
    """Whether a thread of a worker is in a request, by uwsgi's statistics.

    Raises:
        ValueError, KeyError, TypeError: they are none.
    """
    for each in json.loads(said)["workers"]:
        if each["id"] == worker:
            return any(core["in_request"] for core in each["cores"])
    return False


def ask(path: str) -> bytes:
    """uwsgi's statistics.

    Raises:
        OSError: its master does not answer.
    """
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(_SECONDS)
        asked.connect(path)
        return b"".join(iter(lambda: asked.recv(1 << 16), b""))


def accept_no_more(listening: Iterable[int]) -> None:
    """Take the sockets from this process; what waits in them is for the others.

    Raises:
        OSError: it is not possible.
    """
    nothing = os.open(os.devnull, os.O_RDONLY)
    for each in listening:
        os.dup2(nothing, each)


def finish(listening: Iterable[int], worker: int, path: str, patience: float) -> None:
    """Wait until no thread is in a request.

    Args:
        listening: descriptors of the sockets.
        worker: the number of this process among uwsgi's.
        path: of the socket of statistics.
        patience: longest wait in seconds.
    """
    # A thread that ends the process has waited for the others by itself, and is in a request.
    if threading.get_native_id() != os.getpid():
        return
    end = time.monotonic() + patience
    try:
        accept_no_more(listening)
        while busy(ask(path), worker) and time.monotonic() < end:
            time.sleep(_EVERY)
    except (OSError, ValueError, KeyError, TypeError):
        # Without an answer nothing is known, and the end is not to be held up.
        return


def register(uwsgi: Any, path: str, patience: float) -> Callable[[], None]:
    """Have the end of this process, by exit(3), wait.

    Returns:
        What C calls; it has to be kept.
    """

    def at_exit(_status: int, _argument: object) -> None:
        finish(uwsgi.sockets, uwsgi.worker_id(), path, patience)

    kept = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)(at_exit)
    # glibc has no atexit(3) that could be called in this way.
    ctypes.CDLL(None).on_exit(kept, None)
    return kept


if "SCIPORTAL_STATS" in os.environ:
    import uwsgi as _uwsgi  # type: ignore[import-untyped]  # only there within uwsgi

    if _uwsgi.worker_id():
        # uwsgi's master ends the wait by itself, with worker-reload-mercy.
        _kept = register(_uwsgi, os.environ["SCIPORTAL_STATS"], 3600)

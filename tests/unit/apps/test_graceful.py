"""The end of a process of uwsgi waits for its threads' requests."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sciportal.apps import graceful

GRACEFUL = Path(graceful.__file__)


def said(*in_request: int, worker: int = 1) -> bytes:
    cores = [{"id": core, "in_request": value} for core, value in enumerate(in_request)]
    others = {"id": 2, "cores": [{"id": 0, "in_request": 1}]}
    return json.dumps({"workers": [{"id": worker, "cores": cores}, others]}).encode()


def test_a_process_is_busy_with_its_own_requests_only() -> None:
    assert graceful.busy(said(0, 1), 1)
    assert not graceful.busy(said(0, 0), 1)
    assert not graceful.busy(said(1), 3)


def test_it_waits_until_the_last_one_and_accepts_no_more(tmp_path: Path) -> None:
    path = str(tmp_path / "stats")
    answers = [said(0, 1), said(1, 1), said(0, 0)]
    given: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as stats, socket.socket(socket.AF_UNIX) as application:
        stats.bind(path)
        stats.listen()
        application.bind(str(tmp_path / "app"))
        application.listen()

        def serve() -> None:
            for each in answers:
                connection, _ = stats.accept()
                with connection:
                    connection.sendall(each)
                given.append(each)

        thread = threading.Thread(target=serve)
        thread.start()
        graceful.finish([application.fileno()], 1, path, 30)
        thread.join()
        assert given == answers
        with pytest.raises(OSError, match="non-socket"):
            application.accept()


def test_silence_does_not_hold_it_up(tmp_path: Path) -> None:
    graceful.finish([], 1, str(tmp_path / "nobody"), 30)


def test_a_thread_that_ends_the_process_does_not_wait(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as application:
        application.bind(str(tmp_path / "app"))
        application.listen()
        thread = threading.Thread(
            target=graceful.finish, args=([application.fileno()], 1, str(tmp_path / "x"), 30)
        )
        thread.start()
        thread.join()
        application.setblocking(False)
        with pytest.raises(BlockingIOError):
            application.accept()


def test_the_end_of_a_process_calls_it(tmp_path: Path) -> None:
    # exit(3) as uwsgi's own code calls it, in an interpreter that plays uwsgi's part.
    program = f"""
import ctypes, sys
sys.path.insert(0, {str(GRACEFUL.parent)!r})
import graceful
class Uwsgi:
    sockets = []
    @staticmethod
    def worker_id():
        print("asked", flush=True)
        return 1
kept = graceful.register(Uwsgi, {str(tmp_path / "nobody")!r}, 1)
ctypes.CDLL(None).exit(7)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "SCIPORTAL_STATS"},
    )
    assert (done.returncode, done.stdout) == (7, "asked\n")

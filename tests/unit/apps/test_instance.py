"""What uwsgi says of itself, and that it may say anything."""

from __future__ import annotations

import json
import os
import socket
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.apps import instance
from sciportal.apps.instance import Instance, Worker, ask, tell, understood
from sciportal.apps.place import Place
from sciportal.service.errors import NotRunningError

SAID = {
    "pid": 100,
    "workers": [
        {"id": 1, "pid": 5, "accepting": 1, "status": "idle"},
        {"id": 2, "pid": 6, "accepting": 0, "status": "busy"},
        {"id": 3, "pid": 7, "accepting": 1, "status": "cheap"},
        {"id": 0, "pid": 0, "accepting": 0, "status": "cheap"},
    ],
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path, tmp_path, "poms")
    made.control.mkdir()
    return made


def test_workers_are_those_with_a_process() -> None:
    found = understood(json.dumps(SAID).encode())
    workers = Worker(5, True, False), Worker(6, False, False), Worker(7, True, True)
    assert found == Instance(100, workers)


@given(st.binary() | st.recursive(st.none() | st.integers(), st.lists).map(json.dumps))
def test_anything_else_is_no_instance(said: bytes | str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        understood(said.encode() if isinstance(said, str) else said)


def test_it_is_asked_by_its_socket(place: Place) -> None:
    assert ask(place) is None
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fspath(place.stats))
        server.listen()

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(json.dumps(SAID).encode())

        thread = threading.Thread(target=answer)
        thread.start()
        found = ask(place)
        thread.join()
    assert found is not None
    assert found.pid == 100
    assert ask(place) is None


def test_an_order_that_nobody_reads_is_refused(place: Place) -> None:
    with pytest.raises(NotRunningError):
        tell(place, "c")
    os.mkfifo(place.fifo)
    with pytest.raises(NotRunningError):
        tell(place, "c")
    reader = os.open(place.fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        tell(place, "c")
        assert os.read(reader, 10) == b"c"
    finally:
        os.close(reader)
    assert instance._LIMIT > 1 << 20

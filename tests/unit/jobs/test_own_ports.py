"""The ports that tests have for the programs that they start."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from batch import ports
from batch.ports import free_ports, is_open

TESTS = Path(__file__).resolve().parents[2]
OTHER = """
import sys
from batch.ports import free_ports
print(*free_ports(50), flush=True)
sys.stdin.read()
"""


def test_no_two_processes_are_given_the_same() -> None:
    words = [sys.executable, "-c", OTHER]
    with subprocess.Popen(
        words, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        theirs = set(map(int, other.stdout.readline().split()))
        ours = set(free_ports(50))
        assert (len(theirs), len(ours)) == (50, 50)
        assert not theirs & ours
        other.communicate()


def test_nobody_who_asks_for_any_port_is_given_one_of_them() -> None:
    asked = [socket.create_server(("127.0.0.1", 0)) for _ in range(50)]
    try:
        given = {each.getsockname()[1] for each in asked}
        assert not given & set(ports.candidates())
    finally:
        for each in asked:
            each.close()


def test_one_at_which_somebody_listens_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    assert port in ports.candidates()
    monkeypatch.setattr(ports, "candidates", lambda: range(port, port + 1))
    with pytest.raises(AssertionError, match="no ports left"):
        free_ports(1)
    ports._held.pop().close()
    with socket.create_server(("127.0.0.1", port)):
        assert is_open(port)
        with pytest.raises(AssertionError, match="no ports left"):
            free_ports(1)
    assert not is_open(port)
    assert free_ports(1) == [port]

"""Who listens on a port of this host."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from sciportal.service import listening
from sciportal.service.listening import (
    Lookout,
    Socket,
    obstacle,
    port_of,
    serves,
    sockets,
    stranger,
)

UID = os.getuid()
ANY4, HOME4 = "00000000", "0100007F"
ANY6, HOME6, MAPPED = "0" * 32, "0" * 24 + "01000000", "0000000000000000FFFF00000100007F"
LISTENS, CONNECTED = "0A", "01"
ALICE, BOB = 2001, 2002


def table(*entries: tuple[str, int, str, int]) -> str:
    """A table as the kernel prints it: address, port, state and uid of each socket."""
    lines = ["  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"]
    for number, (address, port, state, uid) in enumerate(entries):
        rest = f"{state} 00000000:00000000 00:00000000 00000000 {uid:5}        0 4711 1 0 100 0"
        lines.append(f"{number:4}: {address}:{port:04X} {'0' * len(address)}:0000 {rest}")
    return "\n".join([*lines, "nonsense", ""])


TCP = table(
    (ANY4, 24601, LISTENS, ALICE),
    (HOME4, 24602, LISTENS, BOB),
    ("0B00000A", 24601, CONNECTED, BOB),
)
TCP6 = table(
    (ANY6, 24601, LISTENS, ALICE),
    (HOME6, 24602, LISTENS, BOB),
    (MAPPED, 24602, LISTENS, BOB),
)


@pytest.fixture
def tables(tmp_path: Path) -> tuple[str, ...]:
    """Tables of the kernel."""
    (tmp_path / "tcp").write_text(TCP)
    (tmp_path / "tcp6").write_text(TCP6)
    return (str(tmp_path / "tcp"), str(tmp_path / "tcp6"), str(tmp_path / "none"))


def test_sockets_are_found_with_their_owner_and_reach(tables: tuple[str, ...]) -> None:
    assert sockets(24601, tables) == [Socket(2001, False, 0, 4711)] * 2
    assert sockets(24602, tables) == [Socket(2002, True, 0, 4711)] * 3
    assert sockets(24603, tables) == []


def test_an_account_serves_with_a_socket_of_its_own_that_others_reach(
    tables: tuple[str, ...],
) -> None:
    assert serves(24601, 2001, tables)
    assert not serves(24601, 2002, tables)
    assert not serves(24602, 2002, tables)


def test_a_stranger_is_named(tables: tuple[str, ...]) -> None:
    assert stranger(24601, 2001, tables) == ""
    assert stranger(24601, 0, tables) == "uid 2001 listens on port 24601 there"
    assert obstacle(24602, 2001, tables) == "uid 2002 listens on port 24602 there"


@pytest.mark.parametrize(
    ("address", "reached"),
    [("0.0.0.0", True), ("127.0.0.1", False), ("::", True), ("::1", False)],  # noqa: S104
)
def test_the_kernels_own_tables_are_read(address: str, reached: bool) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        port = server.getsockname()[1]
        assert serves(port, UID) is reached
        assert obstacle(port, UID) == ""
        assert "listens on port" in obstacle(port, UID + 1)


def test_a_port_that_is_bound_and_silent_is_an_obstacle() -> None:
    with socket.socket() as silent:
        silent.bind(("", 0))
        port = silent.getsockname()[1]
        assert obstacle(port, UID).startswith("another program keeps port")
        assert stranger(port, UID) == ""
    assert obstacle(port, UID) == ""


def test_looks_become_seldom_and_end_when_it_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    now, asked, there = 0.0, 0, False

    def kernel(*_: object) -> bool:
        nonlocal asked
        asked += 1
        return there

    monkeypatch.setattr(listening, "serves", kernel)
    monkeypatch.setattr(listening, "stranger", lambda *_: "")
    lookout = Lookout(24601, 2001, lambda: now)
    assert lookout.look() is None
    while now < 600:
        now += max(lookout.seconds(), 0.001)
        assert lookout.look() == (False, "")
    assert 60 < asked < 160
    there = True
    now += 11
    assert lookout.look() == (True, "")
    assert lookout.look() is None
    assert lookout.seconds() == float("inf")


def test_what_listens_too_early_does_not_serve_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1.0
    monkeypatch.setattr(listening, "serves", lambda *_: True)
    monkeypatch.setattr(listening, "stranger", lambda *_: "")
    lookout = Lookout(24601, 2001, lambda: now)
    now += 1
    assert lookout.look(is_early=True) == (False, "")
    now += 1
    assert lookout.look() == (True, "")


def test_the_ports_of_strangers_are_those_of_all_others(tables: tuple[str, ...]) -> None:
    assert listening.strangers(ALICE, tables) == {24602}
    assert listening.strangers(BOB, tables) == {24601}
    assert listening.strangers(1, tables) == {24601, 24602}


def test_without_a_port_nobody_looks() -> None:
    assert Lookout(0, 2001, lambda: 1e9).look() is None


@pytest.mark.parametrize(("text", "port"), [("24601", 24601), ("", 0), ("x", 0), ("-1", 0)])
def test_the_port_of_a_job_is_in_its_environment(text: str, port: int) -> None:
    assert port_of({"PORT": text}) == port
    assert port_of({}) == 0

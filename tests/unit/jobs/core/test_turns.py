"""Turns at what takes long: few in all, few of each, for all processes, and nobody waits."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from jobs.clock import Clock
from sciportal.jobs.turns import Turns

ASKED = ("alice", "bob", "carol", "dave")
HOLDS = """
import sys
from pathlib import Path
from sciportal.jobs.turns import Turns
with Turns(Path(sys.argv[1]), 1).turn("alice") as turn:
    print(turn is not None, flush=True)
    sys.stdin.read()
"""

Make = Callable[..., Turns]


@pytest.fixture
def turns(tmp_path: Path, clock: Clock) -> Make:
    """Makes turns in one directory."""

    def made(most: int, most_each: int = 1, idle: float = 0.0) -> Turns:
        return Turns(tmp_path / "turns", most, most_each, idle, clock)

    return made


def given(turns: Turns, *asked: str) -> list[str]:
    """Who of those that ask while all before them are at it has a turn."""
    with ExitStack() as held:
        return [who for who in asked if held.enter_context(turns.turn(who)) is not None]


def test_there_are_few_at_once(turns: Make) -> None:
    assert given(turns(3), *ASKED) == ["alice", "bob", "carol"]
    assert given(turns(3), *reversed(ASKED)) == ["dave", "carol", "bob"]


def test_nobody_takes_them_from_others(turns: Make) -> None:
    assert given(turns(5), *["alice"] * 10, "bob") == ["alice", "bob"]
    assert given(turns(5, 2), *["alice"] * 10, "bob") == ["alice", "alice", "bob"]


def test_who_fails_gives_the_turn_back(turns: Make) -> None:
    with pytest.raises(ZeroDivisionError), turns(1).turn("alice"):
        _ = 1 / 0
    assert given(turns(1), "alice") == ["alice"]


def test_the_place_of_one_that_took_long_is_left_empty_for_longer(
    turns: Make, clock: Clock
) -> None:
    restful = turns(1, idle=3.0)
    with restful.turn("alice"):
        clock.pass_by(10)
    assert given(restful, "bob") == []
    clock.pass_by(29)
    assert given(restful, "bob") == []
    clock.pass_by(2)
    assert given(restful, "bob") == ["bob"]


def test_one_in_vain_keeps_the_same_from_the_next_and_nobody_else(
    turns: Make, clock: Clock
) -> None:
    with turns(2).turn("alice") as turn:
        assert turn
        turn.rest(20)
    assert given(turns(2), "alice", "bob") == ["bob"]
    clock.pass_by(21)
    assert given(turns(2), "alice", "bob") == ["alice", "bob"]


def test_a_clock_that_is_set_back_keeps_nobody_for_long(turns: Make, clock: Clock) -> None:
    with turns(1).turn("alice") as turn:
        assert turn
        turn.rest(20)
    clock.pass_by(-86_400)
    assert given(turns(1), "alice") == ["alice"]


def test_a_process_that_is_killed_leaves_its_turn(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLDS, str(tmp_path)]
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        try:
            assert process.stdout and process.stdout.readline() == "True\n"
            assert given(Turns(tmp_path, 1), "alice", "bob") == []
        finally:
            process.kill()
    assert given(Turns(tmp_path, 1), "alice") == ["alice"]


def test_where_no_file_can_be_made_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert given(Turns(tmp_path / "file" / "turns", 3), "alice") == []

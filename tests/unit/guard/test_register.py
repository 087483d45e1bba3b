"""The files by which a node knows what its jobs hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciportal.guard.hold import Hold
from sciportal.guard.register import Register

ONE, TWO = Hold(1, 24601, 2001), Hold(2, 24602, 2002)


@pytest.fixture
def register(tmp_path: Path) -> Register:
    """An empty one."""
    made = Register(str(tmp_path / "guard"))
    with made.locked(1):
        pass
    return made


def test_what_is_added_is_there_until_it_is_removed(register: Register) -> None:
    register.add(TWO)
    register.add(ONE)
    assert register.holds() == [ONE, TWO]
    register.remove(1)
    register.remove(1)
    assert register.holds() == [TWO]


def test_a_job_that_starts_again_has_its_new_port(register: Register) -> None:
    register.add(ONE)
    register.add(ONE._replace(port=24700))
    assert register.holds() == [ONE._replace(port=24700)]


def test_replacing_leaves_exactly_what_is_wanted(register: Register) -> None:
    register.add(ONE)
    register.replace([TWO])
    assert register.holds() == [TWO]


def test_what_is_not_ours_is_passed_over(register: Register, tmp_path: Path) -> None:
    for name, text in (("3", "x y\n"), ("4", ""), ("5.new", "1 2\n"), ("6", "1 2 3"), ("a", "1 2")):
        (tmp_path / "guard" / name).write_text(text)
    assert register.holds() == []


def test_it_is_roots_alone(register: Register, tmp_path: Path) -> None:
    assert (tmp_path / "guard").stat().st_mode & 0o777 == 0o700


def test_one_at_a_time_and_nobody_waits_for_ever(register: Register) -> None:
    with register.locked(1), pytest.raises(TimeoutError), register.locked(0.05):
        pass
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    with register.locked(1):
        pass
    assert len(list(Path("/proc/self/fd").iterdir())) == open_files

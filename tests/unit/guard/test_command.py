"""The program of Prolog, Epilog and the units: what the kernel is told, and what failures do."""

from __future__ import annotations

import syslog
from collections.abc import Iterable
from pathlib import Path

import pytest

from sciportal.guard import command
from sciportal.guard.hold import Hold
from sciportal.guard.nftables import Kernel, NftError
from sciportal.guard.register import Register
from sciportal.service.errors import UnknownError
from sciportal.service.job import Job
from sciportal.service.slurm import Slurm
from unit.guard.test_hold import environment, job


class Set(Kernel):
    """The kernel's set, without a kernel."""

    there: set[str]
    """Elements."""
    loads: int
    broken: str
    """What fails: nothing, `flushed` for a table that is not there, `all`."""

    def add(self, hold: Hold) -> None:
        if self.broken:
            raise NftError("No such file or directory")
        self.there.add(hold.element)

    def remove(self, hold: Hold) -> None:
        if self.broken:
            raise NftError("No such file or directory")
        self.there.remove(hold.element)

    def load(self, holds: Iterable[Hold]) -> None:
        if self.broken == "all":
            raise NftError("Operation not permitted")
        Set.there, Set.broken = {each.element for each in holds}, ""
        Set.loads += 1

    def has(self, holds: Iterable[Hold]) -> bool:
        return not self.broken and self.there == {each.element for each in holds}


class Queue(Slurm):
    """A queue."""

    held: list[Job]
    silent: bool

    def jobs(self, **which: object) -> list[Job]:  # type: ignore[override]
        assert which == {"partitions": ("service-pool",)}
        if self.silent:
            raise UnknownError("the queue", "no answer", "try again")
        return self.held


class Node:
    """A node with the program."""

    def __init__(self, directory: Path) -> None:
        self.state = directory / "state"
        words = "--ports 8192-32767 --partition service-pool --node node1 --ruleset /rules.nft"
        self.options = [*words.split(), "--state", str(self.state)]

    def run(self, action: str, **changes: str) -> int:
        """Run an action as Slurm or systemd does."""
        return command.main([action, *self.options], environment(**changes))

    @property
    def holds(self) -> list[Hold]:
        """What is remembered."""
        return Register(str(self.state)).holds()


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """One with an empty set and an empty queue."""
    Set.there, Set.loads, Set.broken = set(), 0, ""
    Queue.held, Queue.silent = [], False
    monkeypatch.setattr(command, "Kernel", Set)
    monkeypatch.setattr("sciportal.service.slurm.Slurm", Queue)
    monkeypatch.setattr(syslog, "syslog", lambda _level, text: print(text))
    return Node(tmp_path)


def test_a_port_is_an_accounts_from_prolog_to_epilog(node: Node) -> None:
    assert node.run("add") == 0
    assert Set.there == {"24601 . 2001"}
    assert node.run("remove") == 0
    assert Set.there == set()
    assert node.holds == []


def test_the_epilog_leaves_a_port_that_another_job_of_the_account_has(node: Node) -> None:
    node.run("add")
    node.run("add", id="8")
    node.run("remove")
    assert Set.there == {"24601 . 2001"}
    node.run("remove", id="8")
    assert Set.there == set()


def test_jobs_without_a_port_are_nothing(node: Node) -> None:
    assert node.run("add", comment="mine") == 0
    assert node.run("add", partition="general") == 0
    assert node.run("remove", id="99") == 0
    assert node.run("remove", id="x") == 0
    assert Set.there == set()


def test_a_flushed_table_is_made_again_by_the_next_job(node: Node) -> None:
    node.run("add")
    Set.there, Set.broken = set(), "flushed"
    assert node.run("add", id="8", uid="2002", comment="sbatch-service/1 http 24602 owner") == 0
    assert Set.there == {"24601 . 2001", "24602 . 2002"}


def test_the_first_account_keeps_a_port(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    node.run("add")
    Queue.held = [job(7), job(8, uid=2002)]
    assert node.run("add", id="8", uid="2002") == 0
    assert Set.there == {"24601 . 2001"}
    assert "port 24601 is held by job 7 of uid 2001" in capsys.readouterr().out


def test_a_job_whose_epilog_never_ran_keeps_nobody_away(node: Node) -> None:
    node.run("add")
    Queue.held = [job(8, uid=2002)]
    assert node.run("add", id="8", uid="2002") == 0
    assert Set.there == {"24601 . 2002"}
    assert node.holds == [Hold(8, 24601, 2002)]


def test_where_slurm_does_not_say_who_holds_it_a_port_stays_closed(node: Node) -> None:
    node.run("add")
    Queue.silent = True
    assert node.run("add", id="8", uid="2002") == 1
    assert Set.there == {"24601 . 2001"}


def test_the_table_is_loaded_with_what_is_known(node: Node) -> None:
    node.run("add")
    Set.there, Set.broken = set(), "flushed"
    assert node.run("load") == 0
    assert Set.there == {"24601 . 2001"}


def test_the_owners_are_made_those_of_the_queue(node: Node) -> None:
    node.run("add", id="3", comment="sbatch-service/1 http 24603 owner")
    Queue.held = [job(7), job(8, node="node2", uid=2002)]
    assert node.run("rebuild") == 0
    assert Set.there == {"24601 . 2001"}
    assert node.holds == [Hold(7, 24601, 2001)]
    assert Set.loads == 1
    node.run("rebuild")
    assert Set.loads == 1


def test_a_silent_slurm_changes_nothing(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    node.run("add")
    Queue.silent = True
    assert node.run("rebuild") == 1
    assert Set.there == {"24601 . 2001"}
    assert "no answer" in capsys.readouterr().out


@pytest.mark.parametrize("action", ["add", "load", "rebuild"])
def test_what_fails_is_reported(
    node: Node, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Set.broken = "all"
    assert node.run(action) == 1
    assert "Operation not permitted" in capsys.readouterr().out


def test_a_busy_guard_is_reported(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_LOCK_SECONDS", 0.05)
    with Register(str(node.state)).locked(1):
        assert node.run("add") == 1
    assert Set.there == set()


@pytest.mark.parametrize("words", [[], ["add"], ["add", "--ports"], ["jump", "--ports", "1-2"]])
def test_wrong_words_are_a_usage_error(words: list[str]) -> None:
    assert command.main(words, {}) == 2


def test_an_action_that_is_none_is_a_usage_error(node: Node) -> None:
    assert node.run("other") == 2

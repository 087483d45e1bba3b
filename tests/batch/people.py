"""Accounts that exist only inside a Slurm of the tests' own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

PORTAL = "portal"


class Person(NamedTuple):
    """An account inside: name and number, which is the group's as well."""

    name: str
    uid: int


PEOPLE = (
    Person("alice", 61001),
    Person("bob", 61002),
    Person("shared", 61003),
    Person(PORTAL, 901),
)


def person(name: str) -> Person:
    """The one of a name."""
    return next(each for each in PEOPLE if each.name == name)


def write(directory: Path, home: Callable[[str], Path]) -> None:
    """Write passwd and group, with the system's accounts and these.

    Args:
        directory: of the files.
        home: gives an account's.
    """
    for name in ("passwd", "group"):
        system = Path("/etc", name).read_text()
        lines = [
            f"{each.name}:x:{each.uid}:{each.uid}::{home(each.name)}:/bin/sh"
            if name == "passwd"
            else f"{each.name}:x:{each.uid}:"
            for each in PEOPLE
        ]
        (directory / name).write_text(system + "\n".join(lines) + "\n")

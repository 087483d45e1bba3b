"""Who counts as an account of this host."""

from __future__ import annotations

import grp
import pwd

import pytest

from sciportal.frontend.accounts import accounts


def person(name: str, uid: int, gid: int = 100) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", uid, gid, "", "/", "/bin/sh"))


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts and groups of a host."""
    people = [
        person("root", 0),
        person("daemon", 999),
        person("alice", 1000),
        person("slurm", 64030),
        person("nobody", 65534),
        person("bob", 100000),
        person("portal", 500, gid=50),
    ]
    unlisted = {"carol": person("carol", 70000)}

    def group(name: str) -> grp.struct_group:
        return {"service-pool": grp.struct_group((name, "x", 50, ["alice", "carol", "gone"]))}[name]

    monkeypatch.setattr(pwd, "getpwall", lambda: people)
    by_name = {each.pw_name: each for each in people} | unlisted
    monkeypatch.setattr(pwd, "getpwnam", lambda name: by_name[name])
    monkeypatch.setattr(grp, "getgrnam", group)


def test_people_and_members_of_the_group_are_accounts(directory: None) -> None:
    assert accounts("service-pool") == {
        "alice": 1000,
        "bob": 100000,
        "carol": 70000,
        "gone": None,
        "portal": 500,
    }


def test_without_the_group_nobody_can_tell(directory: None) -> None:
    with pytest.raises(KeyError):
        accounts("another")

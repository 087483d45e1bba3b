"""The account map: who may act as whom, and who may say so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sciportal.jobs.accounts import account_map
from sciportal.jobs.accounts.account_map import Account, AccountMap
from sciportal.service.errors import NotPermittedError, UsageError

MAP = """
[[account]]
user = "jkl"
account = "jkl"
home = "/home/jkl"

[[account]]
user = "jkl"
host = "origin"
address = "192.0.2.7"
port = 2222
account = "pse"
home = "/home/pse/jkl"
"""


def entry(**changes: object) -> str:
    """A map of one entry."""
    values = {"user": "jkl", "account": "jkl", "home": "/home/jkl", **changes}
    texts = [f"{key} = {value!r}".replace("'", '"') for key, value in values.items()]
    return "[[account]]\n" + "\n".join(texts) + "\n"


def test_a_user_has_an_account_on_several_hosts() -> None:
    accounts = AccountMap.parse(MAP)
    assert accounts.find("jkl") == Account("jkl", "", "", 22, "jkl", "/home/jkl")
    origin = accounts.find("jkl", "origin")
    assert (origin.name, origin.address, origin.port) == ("pse", "192.0.2.7", 2222)
    assert accounts.hosts("jkl") == ["", "origin"]
    assert origin.home == "/home/pse/jkl"
    assert accounts.find("jkl").is_here
    assert not origin.is_here


@pytest.mark.parametrize(("user", "host"), [("root", ""), ("bob", ""), ("jkl", "media1"), ("", "")])
def test_strangers_have_none(user: str, host: str) -> None:
    with pytest.raises(NotPermittedError, match="put you into the account map"):
        AccountMap.parse(MAP).find(user, host)


def test_one_account_for_all_gives_each_a_home_of_their_own() -> None:
    accounts = AccountMap.parse('[single]\naccount = "pse"\nhome = "/home/pse"\n')
    assert accounts.find("jkl") == Account("jkl", "", "", 0, "pse", "/home/pse/jkl")
    assert accounts.hosts("jkl") == [""]
    for user in ("../root", "..", "a/b", "", "a" * 128, "-a", "a b"):
        with pytest.raises(NotPermittedError):
            accounts.find(user)
    with pytest.raises(NotPermittedError):
        accounts.find("jkl", "origin")


@pytest.mark.parametrize(
    "text",
    [
        "account = 1",
        "[other]",
        "[[account]]\nuser = 1",
        entry(user="../x"),
        entry(user="a\\nb"),
        entry(account="-oProxyCommand=x"),
        entry(home="home"),
        entry(home="/home/../etc"),
        entry(home="/home/a b"),
        entry(home="/"),
        entry(host="o", address="-oProxyCommand=x"),
        entry(host="o"),
        entry(host="O/", address="o"),
        entry(port=0),
        entry(port=True),
        entry(extra="x"),
        entry() + entry(),
        '[openssh]\nconfig = "x"',
        "[slurm]\nother = 'x'",
        "[single]\naccount = 'pse'",
        "not toml",
        "a = " + "[" * 5000,
    ],
)
def test_a_wrong_map_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="the account map"):
        AccountMap.parse(text)


def test_the_map_is_roots_alone(tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(MAP)
    tmp_path.chmod(0o755)
    path.chmod(0o644)
    assert AccountMap.read(str(path), os.geteuid()).hosts("jkl")
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(UsageError):
        AccountMap.read(str(link), os.geteuid())
    for mode in (0o664, 0o646):
        path.chmod(mode)
        with pytest.raises(UsageError, match="others than its owner"):
            AccountMap.read(str(path), os.geteuid())
    path.chmod(0o644)
    tmp_path.chmod(0o777)
    with pytest.raises(UsageError, match="others than its owner"):
        AccountMap.read(str(path), os.geteuid())
    tmp_path.chmod(0o755)
    path.unlink()
    with pytest.raises(UsageError, match="No such file"):
        AccountMap.read(str(path), os.geteuid())
    os.mkfifo(path)
    with pytest.raises(UsageError, match="not a file"):
        AccountMap.read(str(path), os.geteuid())


def test_a_map_that_was_read_before_is_judged_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if its last change were long ago; else it is not kept.
    monkeypatch.setattr(account_map, "_SETTLED", -(10**18))
    path, owner = tmp_path / "accounts.toml", os.geteuid()
    path.write_text(MAP)
    path.chmod(0o644)
    tmp_path.chmod(0o755)
    first = AccountMap.read(str(path), owner)
    assert AccountMap.read(str(path), owner) is first
    for place, mode in ((path, 0o646), (tmp_path, 0o777)):
        before = place.stat().st_mode
        place.chmod(mode)
        with pytest.raises(UsageError, match="others than its owner"):
            AccountMap.read(str(path), owner)
        place.chmod(before)
    fresh = tmp_path / "fresh"
    fresh.write_text(MAP.replace("jkl", "xyz"))
    fresh.chmod(0o644)
    fresh.rename(path)
    assert AccountMap.read(str(path), owner).hosts("jkl") == []
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    with pytest.raises(UsageError):
        AccountMap.read(str(path), owner)
    path.unlink()
    with pytest.raises(UsageError, match="No such file"):
        AccountMap.read(str(path), owner)


def test_a_map_that_just_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    tmp_path.chmod(0o755)
    for user in ("one", "two", "six"):
        path.write_text(MAP.replace("jkl", user))
        path.chmod(0o644)
        assert AccountMap.read(str(path), os.geteuid()).hosts(user)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_map_of_an_account_is_none(tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(MAP)
    os.chown(path, 61234, -1)
    with pytest.raises(UsageError, match="others than its owner"):
        AccountMap.read(str(path))

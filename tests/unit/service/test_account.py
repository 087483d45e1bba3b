"""Whose services these are."""

from __future__ import annotations

import grp
import json
import os
import pwd

import pytest

from sciportal.service import account
from sciportal.service.account import Account
from sciportal.service.errors import NotPermittedError, ServiceError, UsageError

ME = pwd.getpwuid(os.getuid())
ALICE = Account("alice", 2001, 2001, "/home/alice", "/bin/bash")


def test_the_environment_of_an_account_is_clean():
    assert ALICE.environment() == {
        "HOME": "/home/alice",
        "USER": "alice",
        "LOGNAME": "alice",
        "SHELL": "/bin/bash",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }


def test_a_member_of_the_group_may_have_services():
    me = Account(ME.pw_name, ME.pw_uid, ME.pw_gid, ME.pw_dir, ME.pw_shell)
    me.check_member(grp.getgrgid(ME.pw_gid).gr_name)


@pytest.mark.parametrize("group", ["no-such-group", "daemon"])
def test_who_is_no_member_is_told_who_gives_the_permission(group):
    nobody = Account("nobody", 65534, 65534, "/", "/bin/sh")
    with pytest.raises(NotPermittedError, match="nobody is not a member") as raised:
        nobody.check_member(group)
    assert raised.value.exit_code == 5
    assert "ask the operators" in str(raised.value)


def test_root_has_no_services_of_its_own(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(UsageError, match="--account NAME"):
        account.current()


def test_a_uid_without_an_account_is_told(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 3_000_000_000)
    with pytest.raises(UsageError, match="uid 3000000000 has none"):
        account.current()


def test_an_account_is_found_by_its_name():
    found = account.named("nobody")
    assert (found.name, found.uid) == ("nobody", pwd.getpwnam("nobody").pw_uid)


@pytest.mark.parametrize(
    "name", ["", "root", "no-such-account-here", "-rf", "a/b", "a\0b", "x" * 99]
)
def test_a_name_without_services_is_a_usage_error_that_shows_it(name):
    with pytest.raises(UsageError) as raised:
        account.named(name)
    assert repr(name) in str(raised.value)


def test_a_user_whom_the_host_does_not_know_is_told(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 3_999_999_999)
    with pytest.raises(UsageError, match="uid 3999999999 has none on this host"):
        account.current()


def test_a_group_that_is_not_there_is_told():
    with pytest.raises(UsageError, match="there is no group 'no-such-group'"):
        account.members("no-such-group")


def test_only_root_acts_as_another_account(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 2001)
    with pytest.raises(ServiceError, match="only root may act as alice"):
        account.act_as(ALICE, lambda: 0)


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another account")


@as_root
def test_work_for_an_account_is_done_by_nobody_else():
    nobody = account.named("nobody")
    read, write = os.pipe()

    def work() -> int:
        who = [*os.getresuid(), *os.getresgid(), sorted(os.getgroups()), dict(os.environ)]
        os.write(write, json.dumps(who).encode())
        return 7

    assert account.act_as(nobody, work) == 7
    found = json.loads(os.read(read, 4096))
    os.close(read)
    os.close(write)
    assert found[:6] == [nobody.uid] * 3 + [nobody.gid] * 3
    assert found[6] == sorted(os.getgrouplist("nobody", nobody.gid))
    slurm_conf = {key: os.environ[key] for key in ("SLURM_CONF",) if key in os.environ}
    assert found[7] == {**nobody.environment(), **slurm_conf}


@as_root
def test_an_end_by_a_signal_is_128_and_its_number():
    def work() -> int:
        os.kill(os.getpid(), 9)
        return 0

    assert account.act_as(account.named("nobody"), work) == 137

"""The account map: which account a portal's user has, on which host.

A file of root's, so that nobody else says who may act as whom.
"""

from __future__ import annotations

import functools
import os
import re
import stat
import time
import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

from sciportal.jobs.names import ANONYMOUS, is_host, is_user
from sciportal.service.errors import NotPermittedError, UsageError
from sciportal.service.names import is_account

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH = "/etc/sciportal/portal-accounts.toml"
HERE = ""
"""The host name that stands for this cluster."""

_LARGEST = 16 << 20
_WANTED = "the account map"
# What needs no quotes in any shell, since a home is a word of a command on a remote host.
_PATH_FORM = re.compile(r"(/[A-Za-z0-9_.@+-]{1,127}){1,32}")
_ADDRESS = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?")
_SECTIONS = {"openssh": {"config"}, "slurm": {"conf", "bin"}, "single": {"account", "home"}}
_KEYS = {"user", "host", "address", "port", "account", "home"}


class Account(NamedTuple):
    """One account of a portal's user."""

    user: str
    host: str
    """Its name in the portal; empty for this cluster."""
    address: str
    port: int
    name: str
    home: str
    """Below it are the directories of jobs."""

    @property
    def is_here(self) -> bool:
        """Whether it is of this cluster, and not reached by OpenSSH."""
        return self.host == HERE


class Programs(NamedTuple):
    """What of the host the map says beside accounts; empty for the defaults."""

    ssh_config: str = ""
    slurm_conf: str = ""
    slurm_bin: str = ""


class AccountMap:
    """All accounts.

    Args:
        listed: the accounts by user and host.
        single: account and home of everybody, for development; None for none.
        programs: what else the file says.
    """

    def __init__(
        self,
        listed: Mapping[tuple[str, str], Account],
        single: tuple[str, str] | None = None,
        programs: Programs = Programs(),  # noqa: B008  # a tuple, which nobody changes
    ) -> None:
        self._listed = listed
        self._single = single
        self.programs = programs

    @classmethod
    def read(cls, path: str = PATH, owner: int = 0) -> AccountMap:
        """Read the map.

        Args:
            path: of the file.
            owner: who alone may be able to change it.

        Raises:
            UsageError: the file is missing, others could change it, or it is no map.
        """
        # Seen before it is read: what changes meanwhile is read the next time.
        seen = _seen(path)
        held = _HELD.get((path, owner))
        if held and seen and held[0] == seen:
            return held[1]
        found = _parsed(_text(path, owner), path)
        if seen and time.time_ns() - seen[0] > _SETTLED:
            _HELD[path, owner] = (seen, found)
        return found

    @classmethod
    def parse(cls, text: str, path: str = PATH) -> AccountMap:
        """Make the map from a file's text.

        Args:
            text: TOML.
            path: of the file, for messages.

        Raises:
            UsageError: it is no map.
        """
        try:
            document = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise _wrong(path, str(error)) from None
        sections = {name: _section(document, name, path) for name in _SECTIONS}
        unknown = set(document) - set(_SECTIONS) - {"account"}
        if unknown:
            raise _wrong(path, f"{min(unknown)!r} is no key of it")
        entries = document.get("account", [])
        if not isinstance(entries, list):
            raise _wrong(path, "'account' is no list of tables")
        listed: dict[tuple[str, str], Account] = {}
        for number, entry in enumerate(entries, start=1):
            account = _account(entry, f"account {number}", path)
            if listed.setdefault((account.user, account.host), account) is not account:
                where = f"on host {account.host!r}" if account.host else "here"
                raise _wrong(path, f"{account.user!r} has two accounts {where}")
        return cls(listed, _single(sections["single"], path), _programs(sections, path))

    def hosts(self, user: str) -> list[str]:
        """Where a user has accounts, this cluster (empty) first."""
        found = {host for name, host in self._listed if name == user}
        if self._single and is_name(user):
            found.add(HERE)
        return sorted(found)

    def find(self, user: str, host: str = HERE) -> Account:
        """The account of a user on a host.

        Args:
            user: of the portal.
            host: its name in the map; empty for this cluster.

        Raises:
            NotPermittedError: there is none.
        """
        account = self._listed.get((user, host))
        if account:
            return account
        if self._single and host == HERE and is_name(user):
            name, home = self._single
            return Account(user, HERE, "", 0, name, f"{home}/{user}")
        where = f"on {host[:64]!r}" if host else "on this cluster"
        raise NotPermittedError(
            "the account of a job",
            f"{user[:64]!r} has none {where}",
            "ask the operators to put you into the account map",
        )


_HELD: dict[tuple[str, int], tuple[tuple[int, ...], AccountMap]] = {}
"""The maps of this process, each with how its file was seen: every submission needs one."""
_SETTLED = 2_000_000_000
"""Nanoseconds after which a change is not taken for the one before: file systems count in ticks."""


@functools.lru_cache(maxsize=8)
def _parsed(text: str, path: str) -> AccountMap:
    return AccountMap.parse(text, path)


def _seen(path: str) -> tuple[int, ...]:
    """What is another where the file, or who may change it, is; its last change comes first."""
    try:
        file = os.stat(path, follow_symlinks=False)
        above = os.stat(os.path.dirname(path) or ".")
    except OSError:
        return ()
    same = (file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns, file.st_mode, file.st_uid)
    return file.st_ctime_ns, *same, above.st_dev, above.st_ino, above.st_mode, above.st_uid


def is_name(user: str) -> bool:
    """Whether somebody of that name may have accounts: a person, or all who are not signed in."""
    return is_user(user) or user == ANONYMOUS


def is_home(path: str) -> bool:
    """Whether a path may be a home: absolute, and the same word to every shell."""
    return bool(_PATH_FORM.fullmatch(path)) and not {".", ".."} & set(path.split("/"))


def _text(path: str, owner: int) -> str:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            found = os.fstat(file.fileno())
            above = os.stat(os.path.dirname(path) or ".")
            for each in (found, above):
                if each.st_uid not in (owner, 0) or each.st_mode & 0o022:
                    raise _wrong(path, "others than its owner could change it")
            if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
                raise _wrong(path, "it is not a file, or too large")
            return file.read(_LARGEST).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(path, str(getattr(error, "strerror", None) or error)) from None


def _section(document: dict[str, Any], name: str, path: str) -> dict[str, str]:
    section = document.get(name, {})
    if not isinstance(section, dict) or not all(isinstance(each, str) for each in section.values()):
        raise _wrong(path, f"[{name}] is no table of texts")
    unknown = set(section) - _SECTIONS[name]
    if unknown:
        raise _wrong(path, f"[{name}] has the unknown key {min(unknown)!r}")
    return section


def _account(entry: object, where: str, path: str) -> Account:
    if not isinstance(entry, dict):
        raise _wrong(path, f"{where} is no table")
    unknown = set(entry) - _KEYS
    if unknown:
        raise _wrong(path, f"{where} has the unknown key {min(unknown)!r}")
    texts = {key: entry.get(key, "") for key in _KEYS - {"port"}}
    port = entry.get("port", 22)
    if not all(isinstance(each, str) for each in texts.values()):
        raise _wrong(path, f"{where} has a value that is no text")
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        raise _wrong(path, f"{where}: port {port!r} is no port")
    if not is_name(texts["user"]):
        raise _wrong(path, f"{where}: user {texts['user']!r} is no name of a user")
    if not is_host(texts["host"]):
        raise _wrong(path, f"{where}: host {texts['host']!r} is no name of a host")
    if texts["host"] and not _ADDRESS.fullmatch(texts["address"]):
        raise _wrong(path, f"{where}: address {texts['address']!r} is none")
    _check_place(texts["account"], texts["home"], where, path)
    return Account(
        texts["user"], texts["host"], texts["address"], port, texts["account"], texts["home"]
    )


def _check_place(account: str, home: str, where: str, path: str) -> None:
    if not is_account(account):
        raise _wrong(path, f"{where}: account {account!r} is no name of an account")
    if not is_home(home):
        raise _wrong(path, f"{where}: home {home!r} is no absolute path of plain letters")


def _single(section: dict[str, str], path: str) -> tuple[str, str] | None:
    if not section:
        return None
    account, home = section.get("account", ""), section.get("home", "")
    _check_place(account, home, "[single]", path)
    return account, home


def _programs(sections: dict[str, dict[str, str]], path: str) -> Programs:
    openssh, slurm = sections["openssh"], sections["slurm"]
    found = Programs(openssh.get("config", ""), slurm.get("conf", ""), slurm.get("bin", ""))
    for each in found:
        if each and not _PATH_FORM.fullmatch(each):
            raise _wrong(path, f"{each!r} is no absolute path of plain letters")
    return found


def _wrong(path: str, found: str) -> UsageError:
    return UsageError(_WANTED, f"{path}: {found}", "correct the file, which is root's")

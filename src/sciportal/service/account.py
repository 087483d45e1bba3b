"""Whose services these are: the account, its permission, and acting as it."""

from __future__ import annotations

import grp
import os
import pwd

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service.errors import NotPermittedError, ServiceError, UsageError
from sciportal.service.names import is_account

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/usr/local/bin:/usr/bin:/bin"


class Account(NamedTuple):
    """One account of this host."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str

    def environment(self, lang: str = "C.UTF-8") -> dict[str, str]:
        """A clean environment of this account, to which a login shell may add."""
        return {
            "HOME": self.home,
            "USER": self.name,
            "LOGNAME": self.name,
            "SHELL": self.shell,
            "PATH": PATH,
            "LANG": lang,
        }

    def check_member(self, group: str) -> None:
        """Make sure that this account may have services.

        The group database is asked, not our own session: that may be older than the permission.

        Raises:
            NotPermittedError: it is not a member of `group`.
        """
        try:
            gid = grp.getgrnam(group).gr_gid
        except KeyError:
            gid = -1
        if gid not in os.getgrouplist(self.name, self.gid):
            raise NotPermittedError(
                "a service",
                f"{self.name} is not a member of the group {group!r}",
                "ask the operators of this site to grant it (playbook sciportal.hosting.grant)",
            )


def current() -> Account:
    """The account that this process runs as.

    Raises:
        UsageError: it is root, which has no services.
    """
    uid = os.geteuid()
    if uid == 0:
        raise UsageError("an account", "you are root, who has no services", "give --account NAME")
    try:
        return _account(pwd.getpwuid(uid))
    except KeyError:
        raise UsageError("an account", f"uid {uid} has none on this host", "log in anew") from None


def named(name: str) -> Account:
    """The account called `name`.

    Raises:
        UsageError: there is none, or it is root.
    """
    try:
        account = _account(pwd.getpwnam(name)) if is_account(name) else None
    except KeyError:
        account = None
    if account is None or account.uid == 0:
        raise UsageError("--account", f"{name!r} is no account with services", "give a user's name")
    return account


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir, entry.pw_shell)


def members(group: str) -> list[str]:
    """The names of all members of `group`, sorted.

    Raises:
        UsageError: there is no such group.
    """
    try:
        entry = grp.getgrnam(group)
    except KeyError:
        raise UsageError(
            "the members", f"there is no group {group!r}", "see the site's settings"
        ) from None
    mine = {each.pw_name for each in pwd.getpwall() if each.pw_gid == entry.gr_gid}
    return sorted(mine.union(entry.gr_mem))


def act_as(account: Account, work: Callable[[], int]) -> int:
    """Do `work` as `begin_as` does and wait for its end.

    Returns:
        See `exit_status`.
    """
    return exit_status(os.waitpid(begin_as(account, work), 0)[1])


def exit_status(status: int) -> int:
    """What wait(2) says as an exit status: 128 plus the number of a signal."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def begin_as(account: Account, work: Callable[[], int]) -> int:
    """Do `work` in a child process that is `account` and nobody else.

    Args:
        account: who the child becomes: uid, gid and all groups, with a clean environment.
        work: what it does; its result is the child's exit status.

    Returns:
        The number of the child.

    Raises:
        ServiceError: we are not root.
    """
    if os.geteuid() != 0:
        raise ServiceError(
            "--account", f"only root may act as {account.name}", f"log in as {account.name}"
        )
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.initgroups(account.name, account.gid)
            os.setresgid(account.gid, account.gid, account.gid)
            os.setresuid(account.uid, account.uid, account.uid)
            slurm_conf = os.environ.get("SLURM_CONF")
            os.environ.clear()
            os.environ.update(account.environment())
            if slurm_conf:
                os.environ["SLURM_CONF"] = slurm_conf
            os.umask(0o022)
            status = work()
        finally:
            # Not sys.exit: the parent's clean-up is not the child's to run.
            os._exit(status)
    return child

"""One action on the services of all accounts, for operators."""

from __future__ import annotations

import os

from sciportal.light import TYPE_CHECKING
from sciportal.service import account, crowd, lifecycle, logs
from sciportal.service.account import Account
from sciportal.service.errors import ServiceError, UnknownError, UsageError
from sciportal.service.home import Home
from sciportal.service.names import service_of
from sciportal.service.plan import Action
from sciportal.service.result import Result
from sciportal.service.session import Session
from sciportal.service.site import Site
from sciportal.service.slurm import Slurm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from sciportal.service.lifecycle import Queue

    MakeSession = Callable[[Account], Session]


def accounts(site: Site, queue: Queue = ()) -> list[Account]:
    """The members of the group, and whoever else has a service in the queue, by name.

    Raises:
        UsageError: we are not root, or there is no such group.
    """
    if os.geteuid() != 0:
        raise UsageError("--all-accounts", "you are not root", "leave it away")
    names = set(account.members(site.group))
    if not isinstance(queue, UnknownError):
        names |= {each.user for each in queue if each.is_ours and service_of(each.name)}
    found = []
    for name in sorted(names):
        try:
            found.append(account.named(name))
        except UsageError:
            # A member that this host does not know has no home here.
            continue
    return found


def run(
    site: Site,
    action: Action,
    services: Sequence[str],
    session: MakeSession,
    done: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[dict[str, Any]]:
    """Do one action on services of all accounts.

    Args:
        site: whose group and partition count.
        action: what to do.
        services: only these, of the accounts that have them; all where empty.
        session: makes the session of an account.
        done: is told how many accounts of how many are done.

    Returns:
        The results as JSON objects, by account and service.
    """
    queue: Queue | None = None
    if action is Action.STATUS:
        try:
            queue = Slurm(site.slurm_bin, site.slurm_timeout).jobs(partitions=[site.partition])
        except UnknownError as error:
            queue = error
    everybody = accounts(site, queue or ())

    def part(who: Account) -> crowd.Part:
        theirs = queue
        if queue is not None and not isinstance(queue, UnknownError):
            theirs = [job for job in queue if job.uid == who.uid]
        return crowd.Part(who, lambda: _work(session(who), action, services, theirs))

    parts = [part(who) for who in everybody]
    answers = crowd.run(parts, done=lambda count: done(count, len(parts)))
    results: list[dict[str, Any]] = []
    for who, answer in zip(everybody, answers, strict=True):
        results += answer if isinstance(answer, list) else [_failure(who, action, answer)]
    return results


def rotate(site: Site) -> list[tuple[Account, ServiceError]]:
    """Rotate the logs of all accounts; those whose rotation failed, and why."""
    everybody = accounts(site)

    def part(who: Account) -> crowd.Part:
        return crowd.Part(who, lambda: logs.rotate(Home(who.home), who.environment()))

    answers = crowd.run([part(who) for who in everybody])
    pairs = zip(everybody, answers, strict=True)
    return [(who, answer) for who, answer in pairs if isinstance(answer, ServiceError)]


def _work(
    session: Session, action: Action, services: Sequence[str], queue: Queue | None
) -> list[dict[str, Any]]:
    known, found = lifecycle.known(session, action, queue)
    wanted = [each for each in known if not services or each in services]
    return [each.as_json() for each in lifecycle.run(session, action, wanted, found)]


def _failure(who: Account, action: Action, answer: Any) -> dict[str, Any]:
    error = answer
    if not isinstance(error, ServiceError):
        error = ServiceError(
            f"acting as {who.name}", "no answer came", "run the same command again"
        )
    failed = Result("", who.name, action.value, exit_code=error.exit_code, message=str(error))
    return failed.as_json()

"""Wanted services of several accounts: each account's are worked on by a process of its own."""

from __future__ import annotations

import os

from sciportal.light import TYPE_CHECKING
from sciportal.service import account, apply, crowd, document
from sciportal.service.account import Account
from sciportal.service.errors import ServiceError, UsageError
from sciportal.service.plan import Action
from sciportal.service.result import Result
from sciportal.service.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    MakeSession = Callable[[Account, bool], Session]


def run(text: str, default: str | None, session: MakeSession) -> list[dict[str, Any]]:
    """Bring the services of a document to their wanted states.

    Args:
        text: the document.
        default: the account of services that name none; None for the caller.
        session: makes the session of an account; with whether purges keep an archive.

    Returns:
        The results as JSON objects in the order of the document.

    Raises:
        UsageError: the document is wrong, or names accounts that the caller may not act as.
    """
    wanted, archive = document.read(text)
    owners = [_owner(each, default) for each in wanted]
    names = list(dict.fromkeys(owners))
    places = {who: [n for n, owner in enumerate(owners) if owner == who] for who in names}
    theirs = {who: [wanted[place] for place in places[who]] for who in names}

    def part(who: Account) -> crowd.Part:
        return crowd.Part(who, lambda: _work(who, theirs[who], lambda: session(who, archive)))

    parts = [part(who) for who in names]
    answers: dict[int, dict[str, Any]] = {}
    for who, found in zip(names, crowd.run(parts), strict=True):
        objects = _checked(who, theirs[who], found)
        answers.update(zip(places[who], objects, strict=True))
    return [answers[place] for place in range(len(wanted))]


def _owner(wanted: document.Wanted, default: str | None) -> Account:
    name = wanted.account or default
    if name is None:
        return account.current()
    who = account.named(name)
    if os.geteuid() not in (0, who.uid):
        raise UsageError(
            f"apply {wanted.service}", f"it is {name}'s", "only root may act for other accounts"
        )
    return who


def _checked(who: Account, wanted: Sequence[document.Wanted], found: Any) -> list[dict[str, Any]]:
    """The results of an account's part, if they are that."""
    if isinstance(found, list) and len(found) == len(wanted) and all(map(_is_result, found)):
        return found
    error = found if isinstance(found, ServiceError) else None
    error = error or ServiceError(f"acting as {who.name}", "its answer makes no sense", "see above")
    return [_failure(who, each, error) for each in wanted]


def _is_result(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("exit_code"), int)


def _work(
    who: Account, wanted: Sequence[document.Wanted], session: Callable[[], Session]
) -> list[dict[str, Any]]:
    try:
        return [each.as_json() for each in apply.run(session(), wanted)]
    except ServiceError as error:
        return [_failure(who, each, error) for each in wanted]


def _failure(who: Account, wanted: document.Wanted, error: ServiceError) -> dict[str, Any]:
    action: Action = document.STATES[wanted.state]
    failed = Result(
        wanted.service, who.name, action.value, exit_code=error.exit_code, message=str(error)
    )
    return failed.as_json()

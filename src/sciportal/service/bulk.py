"""Wanted services of several accounts: each account's are worked on by a process of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

from sciportal.service import account, apply, result
from sciportal.service.account import Account
from sciportal.service.errors import ServiceError, UsageError
from sciportal.service.plan import Action
from sciportal.service.result import Result
from sciportal.service.session import Session

# What a child may answer: it runs as an account, and root reads it.
_ANSWER_LIMIT = 1 << 26

MakeSession = Callable[[Account, bool], Session]


def run(
    text: str, default: str | None, session: MakeSession
) -> tuple[list[dict[str, Any]], list[int]]:
    """Bring the services of a document to their wanted states.

    Args:
        text: the document.
        default: the account of services that name none; None for the caller.
        session: makes the session of an account; with whether purges keep an archive.

    Returns:
        The results as JSON objects in the order of the document, and their exit codes.

    Raises:
        UsageError: the document is wrong, or names accounts that the caller may not act as.
    """
    wanted, archive = apply.read(text)
    owners = [_owner(each, default) for each in wanted]
    answers: dict[int, dict[str, Any]] = {}
    for who in dict.fromkeys(owners):
        places = [place for place, owner in enumerate(owners) if owner == who]
        theirs = [wanted[place] for place in places]
        objects = _as(who, theirs, lambda who=who: session(who, archive))  # type: ignore[misc]
        answers.update(zip(places, objects, strict=True))
    ordered = [answers[place] for place in range(len(wanted))]
    return ordered, [int(each["exit_code"]) for each in ordered]


def as_json(answers: Sequence[dict[str, Any]]) -> str:
    """The whole answer for programs."""
    return json.dumps({"schema": result.SCHEMA, "results": list(answers)})


def _owner(wanted: apply.Wanted, default: str | None) -> Account:
    name = wanted.account or default
    if name is None:
        return account.current()
    who = account.named(name)
    if os.geteuid() not in (0, who.uid):
        raise UsageError(
            f"apply {wanted.service}", f"it is {name}'s", "only root may act for other accounts"
        )
    return who


def _as(
    who: Account, wanted: Sequence[apply.Wanted], session: Callable[[], Session]
) -> list[dict[str, Any]]:
    if os.geteuid() != 0:
        return _work(who, wanted, session)
    answer = os.memfd_create("answer")
    try:

        def child() -> int:
            with open(answer, "w", closefd=False) as file:
                json.dump(_work(who, wanted, session), file)
            return 0

        status = account.act_as(who, child)
        if os.fstat(answer).st_size > _ANSWER_LIMIT:
            status = 1
        if status == 0:
            os.lseek(answer, 0, os.SEEK_SET)
            with open(answer, closefd=False) as file:
                objects = json.load(file)
            if isinstance(objects, list) and len(objects) == len(wanted):
                return objects
        error = ServiceError(f"acting as {who.name}", f"it ended with {status}", "see above")
        return [_failure(who, each, error) for each in wanted]
    finally:
        os.close(answer)


def _work(
    who: Account, wanted: Sequence[apply.Wanted], session: Callable[[], Session]
) -> list[dict[str, Any]]:
    try:
        return [each.as_json() for each in apply.run(session(), wanted)]
    except ServiceError as error:
        return [_failure(who, each, error) for each in wanted]


def _failure(who: Account, wanted: apply.Wanted, error: ServiceError) -> dict[str, Any]:
    action: Action = apply.STATES[wanted.state]
    failed = Result(
        wanted.service, who.name, action.value, exit_code=error.exit_code, message=str(error)
    )
    return failed.as_json()

"""Work for many accounts at once, each part done by a process that is that account."""

from __future__ import annotations

import gc
import json
import os

from sciportal.light import TYPE_CHECKING, NamedTuple
from sciportal.service import account
from sciportal.service.account import Account
from sciportal.service.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

# What a child may answer: it runs as an account, and root reads it.
_ANSWER_LIMIT = 1 << 26
# Mostly they wait: for a file server, for Slurm.
WORKERS = 16


class Part(NamedTuple):
    """One account's part of the work."""

    account: Account
    work: Callable[[], Any]
    """Returns what JSON can say."""


def run(
    parts: Sequence[Part], workers: int = WORKERS, done: Callable[[int], None] = lambda _: None
) -> list[Any]:
    """Do all parts, some at a time.

    Args:
        parts: of different accounts. Who is not root does them one by one, as itself.
        workers: how many at a time.
        done: is told how many are done.

    Returns:
        For each part what its work returned, as JSON has it; a ServiceError where it failed.
    """
    if os.geteuid() != 0:
        return [_own(part) for part in parts]
    answers: list[Any] = [None] * len(parts)
    running: dict[int, tuple[int, int]] = {}
    waiting = iter(enumerate(parts))
    finished = 0
    # What is there now is shared with the children, not copied for each of them.
    gc.freeze()
    try:
        while True:
            while len(running) < workers and (following := next(waiting, None)):
                place, part = following
                answer = os.memfd_create("answer")
                running[account.begin_as(part.account, _child(part, answer))] = (place, answer)
            if not running:
                return answers
            pid, status = os.wait()
            if pid not in running:
                continue
            place, answer = running.pop(pid)
            answers[place] = _read(answer, account.exit_status(status), parts[place].account)
            finished += 1
            done(finished)
    finally:
        for pid, (_place, answer) in running.items():
            os.waitpid(pid, 0)
            os.close(answer)


def _own(part: Part) -> Any:
    try:
        return part.work()
    except ServiceError as error:
        return error


def _child(part: Part, answer: int) -> Callable[[], int]:
    def work() -> int:
        try:
            said = {"answer": part.work()}
        except ServiceError as error:
            said = {"error": [error.wanted, error.found, error.advice], "code": error.exit_code}
        with open(answer, "w", closefd=False) as file:
            json.dump(said, file)
        return 0

    return work


def _read(answer: int, status: int, who: Account) -> Any:
    """The answer of a child, which might be anything."""
    try:
        if status == 0 and os.fstat(answer).st_size <= _ANSWER_LIMIT:
            os.lseek(answer, 0, os.SEEK_SET)
            with open(answer, closefd=False) as file:
                said = json.load(file)
            if "answer" in said:
                return said["answer"]
            error = ServiceError(*map(str, said["error"]))
            error.exit_code = int(said["code"])
            return error
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    finally:
        os.close(answer)
    return ServiceError(f"acting as {who.name}", f"it ended with {status}", "see above")

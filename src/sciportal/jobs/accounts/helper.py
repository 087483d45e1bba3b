"""The command `sciportal-submit VERB`: root's half of the helper, which sudo lets the portal call.

Root reads one short line, which names a user, looks that user up in the map that is root's own,
and becomes the account for good. The request, the files, the home and Slurm are the account's
business, in `remote`.
"""

from __future__ import annotations

import os
import sys

from sciportal.jobs.accounts import account_map, privilege, remote, wire
from sciportal.jobs.accounts.account_map import Account, AccountMap, Programs
from sciportal.service.errors import ServiceError, UnknownError, UsageError


def main(argv: list[str] | None = None, path: str = account_map.PATH) -> int:
    """Become the account of a user, and answer one request as it.

    Args:
        argv: the verb; the process's by default.
        path: of the account map.

    Returns:
        0, or the exit code of the error which the answer says.
    """
    words = sys.argv[1:] if argv is None else argv
    try:
        if len(words) != 1:
            raise UsageError("act for a user", f"{len(words)} words are not one verb", "give one")
        account, programs = _account(path)
        environment = privilege.become(account.name)
    except (ServiceError, OSError) as error:
        told = error if isinstance(error, ServiceError) else _system(error)
        sys.stdout.buffer.write(wire.line(wire.told(told)))
        sys.stdout.buffer.flush()
        return told.exit_code
    if programs.slurm_conf:
        environment["SLURM_CONF"] = programs.slurm_conf
    return remote.serve(words[0], account.home, environment, programs.slurm_bin)


def _account(path: str) -> tuple[Account, Programs]:
    try:
        accounts = AccountMap.read(path)
    except UsageError as error:
        # Nobody's job is refused because operators are just writing the map.
        raise UnknownError(error.wanted, error.found, error.advice) from None
    # No byte beyond the line is taken: what follows is read by the account's half.
    with os.fdopen(os.dup(0), "rb", buffering=0) as given:
        header = wire.read_line(given, wire.MOST_HEADER, "act for a user")
    table = wire.table(header, "act for a user")
    user = table.text("user", most=128)
    table.done()
    return accounts.find(user), accounts.programs


def _system(error: OSError) -> ServiceError:
    return ServiceError("act for a user", str(error), "see the host's log")


if __name__ == "__main__":
    sys.exit(main())

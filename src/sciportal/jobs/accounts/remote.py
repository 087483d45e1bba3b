"""The command `sciportal-submit-remote VERB HOME`: the half of the helper that is the account's.

On a host that is reached by OpenSSH it is called as the account; on this cluster root's half
becomes the account and goes on here.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, BinaryIO

from sciportal.jobs.accounts import account_map, verbs, wire
from sciportal.jobs.accounts.batch_system import BatchSystem
from sciportal.jobs.script import Programs
from sciportal.service.errors import ServiceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Longer than any verb takes: two answers of Slurm that do not come, and the copying of results.
_SECONDS = 900
_KEPT = ("HOME", "USER", "LOGNAME", "SHELL", "SLURM_CONF")


def main(argv: list[str] | None = None) -> int:
    """Answer one request of the portal.

    Args:
        argv: verb and home; the process's by default.
    """
    words = sys.argv[1:] if argv is None else argv
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    environment |= {name: os.environ[name] for name in _KEPT if name in os.environ}
    # A login over OpenSSH has a PATH of its own, with Slurm's commands on it.
    environment["PATH"] = os.environ.get("PATH", environment["PATH"])
    environment.setdefault("USER", environment.get("LOGNAME", ""))
    verb, home = [*words, "", ""][:2] if len(words) == 2 else ("", "")
    return serve(verb, home, environment)


def serve(verb: str, home: str, environment: Mapping[str, str], bindir: str = "") -> int:
    """Read a request from standard input and write the answer to standard output.

    Args:
        verb: one of verbs.VERBS.
        home: below which the jobs are.
        environment: of what is started.
        bindir: of Slurm's commands; empty for PATH.

    Returns:
        The exit code: 0, or that of the error which the answer says.
    """
    signal.alarm(_SECONDS)
    os.umask(0o077)
    given = os.fdopen(os.dup(0), "rb", buffering=0)
    with os.fdopen(os.dup(1), "wb") as answer:
        try:
            said = _answer(verb, home, environment, bindir, given, answer)
            code = 0
        except ServiceError as error:
            said, code = wire.told(error), error.exit_code
        except OSError as error:
            lost = verbs.lost(error)
            said, code = wire.told(lost), lost.exit_code
        answer.write(wire.line(said))
    return code


def _answer(
    verb: str,
    home: str,
    environment: Mapping[str, str],
    bindir: str,
    given: BinaryIO,
    answer: BinaryIO,
) -> dict[str, object]:
    action = verbs.VERBS.get(verb)
    if action is None or not account_map.is_home(home):
        found = f"{[verb, home]!r} are no verb and home"
        raise UsageError("serve the job portal", found, f"give one of {', '.join(verbs.VERBS)}")
    request = wire.table(wire.read_line(given, wire.MOST_REQUEST, "read a request"), verb)
    programs = Programs.in_directory(os.path.dirname(os.path.abspath(sys.argv[0])))
    system = BatchSystem(environment, bindir)
    session = verbs.Session(home, environment, system, programs, given, answer)
    return {"done": action(session, request)}


if __name__ == "__main__":
    sys.exit(main())

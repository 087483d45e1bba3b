"""What the command says to people."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sciportal.service.errors import UsageError
from sciportal.service.result import Result, table

_DONE = {
    "init": "initialised",
    "deploy": "deployed",
    "start": "started",
    "stop": "stopped",
    "restart": "restarted",
    "reload": "reloaded",
    "purge": "purged",
}
_NOTHING = {
    "start": "already there",
    "stop": "already stopped",
    "reload": "will begin with its new files",
    "purge": "nothing to remove",
}


def show(results: Sequence[Result], action: str, *, check: bool) -> None:
    """Print the results of an action: what was done on stdout, what failed on stderr."""
    if action == "status":
        if results:
            print(table(results))
        else:
            print("no services")
    for each in results:
        if action == "status":
            if each.message:
                print(f"{each.service}: {each.message}", file=sys.stderr)
        elif each.exit_code:
            print(f"sbatch-service: {each.message}", file=sys.stderr)
        else:
            print(_line(each, check=check))


def _line(result: Result, *, check: bool) -> str:
    if check:
        steps = [f"would {each.step} {each.detail}" for each in result.steps]
        return f"{result.service}: " + (", ".join(steps) or "nothing to do")
    if not result.changed:
        did = _NOTHING.get(result.action, "nothing to do")
    else:
        did = _DONE[result.action]
    if result.job_id and result.action != "stop":
        did += f"; {result.state}, job {result.job_id}"
        if result.node:
            did += f" on {result.node}"
        if result.endpoint:
            did += f", port {result.endpoint.port}"
    return f"{result.service}: {did}"


def confirm_purge(services: Sequence[str]) -> bool:
    """Ask a person on the terminal whether services may be removed.

    Raises:
        UsageError: there is no terminal.
    """
    if not (sys.stdin and sys.stdin.isatty()):
        raise UsageError("purge", "there is no terminal to ask on", "give --yes")
    print(f"This removes {', '.join(services) or 'nothing'}. Go on? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")

"""What the command says to people."""

from __future__ import annotations

import os
import sys
import time

from sciportal.light import TYPE_CHECKING
from sciportal.service.errors import UsageError
from sciportal.service.table import table
from sciportal.service.terminal import clean, has_colour, is_terminal, width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from sciportal.service.words import Call

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

_BAR = 30


def show(results: Sequence[dict[str, Any]], call: Call) -> None:
    """Print the results of an action: what was done on stdout, what failed on stderr.

    Args:
        results: the objects of the command's JSON.
        call: the words of the call.
    """
    everyone = bool(call.all_accounts)
    if call.action in ("status", "list"):
        _show_states(results, call, everyone=everyone)
        return
    for each in results:
        if each["exit_code"]:
            who = f"{each['account']}: " if everyone else ""
            print(f"sbatch-service: {clean(who + each['message'])}", file=sys.stderr)
        else:
            print(_name(each, everyone=everyone) + _line(each, check=call.check))


def _show_states(results: Sequence[dict[str, Any]], call: Call, *, everyone: bool) -> None:
    rows = [each for each in results if each["service"]]
    if rows:
        colour = has_colour(sys.stdout, os.environ)
        columns = width(sys.stdout)
        print(table(rows, time.time(), accounts=everyone, width=columns, colour=colour))
    else:
        print("no services")
    for each in results:
        if each["message"]:
            print(clean(_name(each, everyone=everyone) + each["message"]), file=sys.stderr)
    if call.verbose and rows:
        from sciportal.service.details import details

        home = "~" if everyone else f"~{call.account or ''}"
        sys.stderr.flush()
        print(details(rows, home, accounts=everyone))


def _name(each: dict[str, Any], *, everyone: bool) -> str:
    who = [each["account"]] if everyone else []
    return " ".join([*who, each["service"]]).strip() + ": "


def _line(each: dict[str, Any], *, check: bool) -> str:
    if check:
        steps = [f"would {step['step']} {step['detail']}" for step in each["steps"]]
        return ", ".join(steps) or "nothing to do"
    if each["changed"]:
        did = _DONE[each["action"]]
    else:
        did = _NOTHING.get(each["action"], "nothing to do")
    if each["job_id"] and each["action"] != "stop":
        did += f"; {each['state']}, job {each['job_id']}"
        if each["node"]:
            did += f" on {each['node']}"
        if each["endpoint"]:
            did += f", port {each['endpoint']['port']}"
    return did


def shows_progress(call: Call) -> bool:
    """Whether a person watches this call wait."""
    quiet = call.json or call.check or call.account is not None or call.action in ("status", "list")
    return not quiet and is_terminal(sys.stderr, os.environ)


def progress(what: str) -> Callable[[int, int], None]:
    """A bar on the terminal; nothing where there is none.

    Args:
        what: is counted.
    """
    if not is_terminal(sys.stderr, os.environ):
        return lambda _done, _all: None

    def show_bar(done: int, every: int) -> None:
        filled = _BAR * done // max(every, 1)
        drawn = "#" * filled + "-" * (_BAR - filled)
        end = "" if done < every else "\r" + " " * (_BAR + 40) + "\r"
        print(f"\r[{drawn}] {done}/{every} {what}{end}", end="", file=sys.stderr, flush=True)

    return show_bar


def confirm_purge(what: str) -> bool:
    """Ask a person on the terminal whether services may be removed.

    Args:
        what: names them.

    Raises:
        UsageError: there is no terminal.
    """
    if not (sys.stdin and sys.stdin.isatty()):
        raise UsageError("purge", "there is no terminal to ask on", "give --yes")
    print(f"This removes {what or 'nothing'}. Go on? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")

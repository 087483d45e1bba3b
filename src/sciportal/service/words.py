"""The words of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from sciportal.service.errors import UsageError
from sciportal.service.names import check_service

ACTIONS = ("init", "deploy", "start", "stop", "restart", "reload", "status", "purge")
LOGS, LIST = "logs", "list"
APPLY, ROTATE = "apply", "rotate"
VERBS = (*ACTIONS, LOGS, LIST)


class _Parser(argparse.ArgumentParser):
    words: Sequence[str] = ()
    """Of the call."""

    def error(self, message: str) -> None:  # type: ignore[override]  # it never returns either
        raise UsageError("a call", message, f"see: {self.prog} --help")


class _Help(argparse.Action):
    """Show what the call is about: its action is mostly not parsed yet."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from sciportal.service import usage

        assert isinstance(parser, _Parser)
        print(usage.text(parser.words, parser._actions))
        parser.exit()


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The parsed words of a call.

    Raises:
        UsageError: they are wrong.
    """
    # `--wait web` names a service, not a number of seconds.
    words = ["--wait=0" if word == "--wait" else word for word in argv]
    parser = _parser()
    parser.words = words
    found = parser.parse_intermixed_args(words)
    if found.check_site:
        return found
    if found.action is None:
        raise UsageError("a call", "there is no action", "use one of " + ", ".join(VERBS))
    if found.action not in (*VERBS, APPLY, ROTATE):
        raise UsageError(
            "a call", f"unknown action {found.action!r}", "use one of " + ", ".join(VERBS)
        )
    found.services = list(dict.fromkeys(check_service(each) for each in found.services))
    _check_services(found)
    _check_options(found)
    return found


def _check_services(call: argparse.Namespace) -> None:
    if call.action == "init" and not call.services:
        raise UsageError("init", "no service is named", "name it: sbatch-service init SERVICE")
    if call.action == APPLY and call.services:
        raise UsageError(APPLY, "services are named", "they come on standard input")


def _check_options(call: argparse.Namespace) -> None:
    for name in ("wait", "lock_timeout"):
        value = getattr(call, name)
        if value is not None and not 0 <= value <= 86400:
            raise UsageError(
                f"--{name.replace('_', '-')}", f"{value:g} is no time", "use 0 to 86400 seconds"
            )
    if call.all_accounts and call.account is not None:
        raise UsageError("a call", "--account and --all-accounts are both there", "give one")
    if call.all_accounts and call.action in (LOGS, APPLY):
        raise UsageError(call.action, "--all-accounts is not for it", "give --account NAME")
    if call.action == LOGS and call.json:
        raise UsageError(LOGS, "a log is no JSON", "leave --json away")
    if call.action != LOGS and (call.follow or call.lines is not None):
        raise UsageError(call.action, "-f and -n are for logs", "leave them away")
    if call.lines is not None and not 0 <= call.lines <= 1_000_000:
        raise UsageError("-n", f"{call.lines} is no number of lines", "use 0 to 1000000")


def _parser() -> _Parser:
    parser = _Parser(
        prog="sbatch-service",
        add_help=False,
        allow_abbrev=False,
        # Without a width it imports what knows the terminal's: a tenth of all that a call imports.
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=80),
    )
    add = parser.add_argument
    add("action", nargs="?", metavar="{" + "|".join(VERBS) + "}")
    add("services", nargs="*", metavar="SERVICE", help="default: all your services")
    add("-h", "--help", action=_Help, nargs=0, help="show this, or what one action does")
    add("--json", action="store_true", help="one JSON object on standard output")
    add("--check", action="store_true", help="say what would be done and change nothing")
    add("--wait", type=float, metavar="SECONDS", help="wait until it serves, as in --wait=30")
    add("--yes", action="store_true", help="purge without asking")
    add("--no-archive", action="store_true", help="purge without keeping an archive")
    add("--lock-timeout", type=float, metavar="SECONDS", help="wait so long for other calls")
    add("--account", metavar="NAME", help="act as this account (root only)")
    add("--all-accounts", action="store_true", help="act for every account (root only)")
    add("-v", "--verbose", action="store_true", help="status: all that is known")
    add("-f", "--follow", action="store_true", help="logs: go on as it grows")
    add("-n", "--lines", type=int, metavar="N", help="logs: the last N lines (10)")
    add("--check-site", metavar="FILE", help=argparse.SUPPRESS)
    return parser

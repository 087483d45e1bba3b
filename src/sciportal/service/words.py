"""The words of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from sciportal.service.errors import UsageError
from sciportal.service.names import check_service

ACTIONS = ("init", "deploy", "start", "stop", "restart", "reload", "status", "purge")
APPLY = "apply"

_EPILOG = """\
examples:
  sbatch-service init apache            set up the web server of your account
  sbatch-service start --wait apache    start it and wait until it serves
  sbatch-service status                 see all your services
  sbatch-service purge --yes apache     remove it; an archive is kept

exit codes: 0 done, 1 failed, 2 usage, 3 not running, 4 unknown (Slurm did not answer),
5 not permitted, 6 busy
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # it never returns either
        raise UsageError("a call", message, f"see: {self.prog} --help")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The parsed words of a call.

    Raises:
        UsageError: they are wrong.
    """
    # `--wait web` names a service, not a number of seconds.
    words = ["--wait=0" if word == "--wait" else word for word in argv]
    found = _parser().parse_intermixed_args(words)
    if found.check_site:
        return found
    if found.action is None:
        raise UsageError("a call", "there is no action", "use one of " + ", ".join(ACTIONS))
    if found.action not in (*ACTIONS, APPLY):
        raise UsageError(
            "a call", f"unknown action {found.action!r}", "use one of " + ", ".join(ACTIONS)
        )
    found.services = list(dict.fromkeys(check_service(each) for each in found.services))
    if found.action == "init" and not found.services:
        raise UsageError("init", "no service is named", "name it: sbatch-service init SERVICE")
    if found.action == APPLY and found.services:
        raise UsageError(APPLY, "services are named", "they come on standard input")
    for name in ("wait", "lock_timeout"):
        value = getattr(found, name)
        if value is not None and not 0 <= value <= 86400:
            raise UsageError(
                f"--{name.replace('_', '-')}", f"{value:g} is no time", "use 0 to 86400 seconds"
            )
    return found


def _parser() -> _Parser:
    parser = _Parser(
        prog="sbatch-service",
        description="Run persistent services of your account as Slurm jobs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("action", nargs="?", metavar="{" + "|".join(ACTIONS) + "}")
    add("services", nargs="*", metavar="SERVICE", help="default: all your services")
    add("--json", action="store_true", help="one JSON object on standard output")
    add("--check", action="store_true", help="say what would be done and change nothing")
    add("--wait", type=float, metavar="SECONDS", help="wait until it serves, as in --wait=30")
    add("--yes", action="store_true", help="purge without asking")
    add("--no-archive", action="store_true", help="purge without keeping an archive")
    add("--lock-timeout", type=float, metavar="SECONDS", help="wait so long for other calls")
    add("--account", metavar="NAME", help="act as this account (root only)")
    add("--check-site", metavar="FILE", help=argparse.SUPPRESS)
    return parser

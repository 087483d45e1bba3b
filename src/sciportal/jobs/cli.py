"""The command `sciportal-jobs`, which the portal's account and its units run."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import NamedTuple

from sciportal import outcome
from sciportal.jobs import settings


class _Verb(NamedTuple):
    """What can be done; its module has `arguments(parser)` and `run(options, settings)`."""

    help: str
    module: str


_VERBS = {
    "migrate": _Verb("make or change the tables of the database", "store.migrate_command"),
    "check": _Verb("say what is wrong with settings, applications and database", "check"),
    "keeper": _Verb("hand jobs over, look after them, fetch their results", "keeper.command"),
    "reconcile": _Verb(
        "compare all jobs with their batch systems once", "keeper.reconcile_command"
    ),
    "listen": _Verb("hear from jobs that they started and ended", "notify.listen_command"),
    "workers": _Verb("list the clusters that may fetch jobs", "store.workers_command"),
}


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code, see `sciportal.service.errors`.

    Args:
        argv: its arguments without the command's name; the process's by default.
    """
    words = sys.argv[1:] if argv is None else argv
    options = _parser(words).parse_args(words)

    def action() -> int:
        given = settings.read(options.settings) if options.settings else settings.load()
        code: int = options.run(options, given)
        return code

    return outcome.exit_code("sciportal-jobs", action)


def _parser(words: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sciportal-jobs", description="The job portal.")
    usual = f"the portal's settings (${settings.VARIABLE}, or {settings.PATH})"
    parser.add_argument("--settings", type=Path, metavar="FILE", help=usual)
    verbs = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    for name, verb in _VERBS.items():
        each = verbs.add_parser(name, help=verb.help, description=verb.help.capitalize() + ".")
        # What the others need is not imported: a verb of theirs may have libraries of its own.
        if name in words:
            module = importlib.import_module(f"sciportal.jobs.{verb.module}")
            module.arguments(each)
            each.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())

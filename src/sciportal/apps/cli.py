"""The command `sciportal-app`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from sciportal import outcome
from sciportal.apps import deployment, gate, instance, place, wanted
from sciportal.apps.deployment import Deed
from sciportal.service.errors import NotRunningError, UsageError

_INPUT_LIMIT = 1 << 24


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        argv: its arguments without the command's name; the process's by default.
    """
    options = _parser().parse_args(argv)
    return outcome.exit_code("sciportal-app", lambda: int(options.action(options)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sciportal-app",
        description="Applications of accounts on the web host. Exit codes: 0 done, 1 failed,"
        " 2 usage, 3 not running, 5 not permitted, 6 busy.",
    )
    verbs = parser.add_subparsers(title="actions", required=True, metavar="ACTION")

    def verb(
        name: str, text: str, action: object, *, names: bool = True
    ) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=text, description=text)
        made.set_defaults(action=action)
        if names:
            made.add_argument("name", help="the application")
        return made

    run = verb("run", "become the server of an application, in the foreground", _run)
    run.add_argument("--log", type=Path, help="where it writes, in place of its own output")
    run.add_argument("--log-size", type=int, default=10 << 20, metavar="BYTES")
    deploy = verb("deploy", "serve a release, without losing a request", _deploy)
    deploy.add_argument("release")
    reload = verb("reload", "load anew what is there, one process after another", _reload)
    for waits in (deploy, reload):
        waits.add_argument("--patience", type=float, default=600, metavar="SECONDS")
    trial = verb("try", "load a release once, beside what runs", _try)
    trial.add_argument("release")
    trial.add_argument("--ini", type=Path, help="with this configuration")
    verb("status", "what runs, as JSON", _status)
    verb("reload-apache", "as root by sudo: reload Apache gracefully", _gate, names=False)
    verb("check", "read data of the roles, as JSON, and say what is wrong", _check, names=False)
    return parser


def _run(options: argparse.Namespace) -> int:
    deployment.run(place.mine(options.name), options.log, options.log_size)
    return 1


def _deploy(options: argparse.Namespace) -> int:
    deed = deployment.deploy(place.mine(options.name), options.release, options.patience)
    print(f"{options.name}: {deed.value}")
    return 0


def _reload(options: argparse.Namespace) -> int:
    deployment.reload(place.mine(options.name), options.patience)
    print(f"{options.name}: {Deed.CHAIN.value}")
    return 0


def _try(options: argparse.Namespace) -> int:
    mine = place.mine(options.name)
    source = deployment.directory(mine, options.release)
    deployment.attempt(mine, options.ini or mine.ini, source)
    return 0


def _status(options: argparse.Namespace) -> int:
    mine = place.mine(options.name)
    running = instance.ask(mine)
    if running is None:
        raise NotRunningError(f"the application {mine.name}", "it does not run", "start it")
    release = str(mine.current.readlink()) if mine.current.is_symlink() else None
    workers = sum(1 for each in running.workers if each.accepting and not each.going)
    print(json.dumps({"pid": running.pid, "release": release, "workers": workers}))
    return 0


def _gate(_options: argparse.Namespace) -> int:
    gate.reload_apache()
    print("apache: reloaded")
    return 0


def _check(_options: argparse.Namespace) -> int:
    try:
        given = json.loads(sys.stdin.read(_INPUT_LIMIT))
    except ValueError as error:
        raise UsageError("the data", f"they are no JSON: {error}", "give an object") from None
    found = wanted.problems(given)
    print("\n".join(found))
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main())

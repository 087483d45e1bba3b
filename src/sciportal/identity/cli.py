"""The command `sciportal-identity`, which the role identity and its timer run as root."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

from sciportal import outcome
from sciportal.frontend.apache import Apache
from sciportal.identity import accounts, check, gather, refresh, settings, shibd, tokens
from sciportal.identity.settings import Settings
from sciportal.service.errors import ServiceError

_SETTINGS = "/etc/sciportal/identity.json"


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 something is wrong, 2 usage.

    Args:
        argv: its arguments without the command's name; the process's by default.
    """
    options = _parser().parse_args(argv)
    return outcome.exit_code("sciportal-identity", lambda: int(options.action(options)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sciportal-identity", description="The two front doors of the site."
    )
    verbs = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    look = verbs.add_parser("check", help="say what is wrong with the settings; change nothing")
    look.set_defaults(action=_check)
    renew = verbs.add_parser("refresh", help="bring Apache authorities and lists of revoked ones")
    renew.add_argument(
        "--apachectl", help="Apache's control program; without it nothing is reloaded"
    )
    renew.add_argument("--unit", default="apache2.service", help="its unit (%(default)s)")
    renew.set_defaults(action=_refresh)
    attempt = verbs.add_parser("try", help="see whether shibd takes a file")
    attempt.add_argument("file", type=Path, help="its configuration, or an attribute map")
    attempt.set_defaults(action=_try)
    tell = verbs.add_parser("accounts", help="print the map of accounts as Apache's part reads it")
    tell.set_defaults(action=_accounts)
    for verb in (look, renew, tell):
        verb.add_argument(
            "--settings", required=True, help="the role's settings (JSON); `-`: standard input"
        )
    _add_tokens(verbs)
    return parser


def _add_tokens(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    see = verbs.add_parser("tokens", help="list the tokens of programs that have not expired")
    see.set_defaults(action=_tokens)
    see.add_argument("--account", help="of this account only")
    stop = verbs.add_parser("revoke", help="revoke tokens of programs")
    stop.set_defaults(action=_revoke)
    which = stop.add_mutually_exclusive_group(required=True)
    which.add_argument("--account", help="all of this account")
    which.add_argument(
        "--token", action="store_true", help="the one that is on standard input, all of it"
    )
    for verb in (see, stop):
        verb.add_argument("--settings", default=_SETTINGS, help="the role's settings (%(default)s)")


def _check(options: argparse.Namespace) -> int:
    found = check.problems(_settings(options), _now())
    _say(found)
    return 1 if found else 0


def _refresh(options: argparse.Namespace) -> int:
    """What is good is brought, whatever else is wrong; then it is said."""
    given = _settings(options)
    if not given.certificates:
        return 0
    there = gather.gather(given.certificates, given.state)
    found = check.of_certificates(given.certificates, there, _now())
    if there.authorities:
        apache = Apache(options.apachectl, options.unit) if options.apachectl else None
        if refresh.install(given.state, there.files(), apache):
            print("changed")
    _say(found)
    return 1 if found else 0


def _try(options: argparse.Namespace) -> int:
    shibd.try_out(options.file)
    return 0


def _accounts(options: argparse.Namespace) -> int:
    sys.stdout.write(accounts.text(_settings(options).accounts))
    return 0


def _tokens(options: argparse.Namespace) -> int:
    for each in _good(options)[1]:
        print(tokens.line(each))
    return 0


def _revoke(options: argparse.Namespace) -> int:
    directory, found = _good(options)
    if options.token:
        found = tokens.of_secret(found, sys.stdin.read(1024))
    tokens.revoke(directory, found)
    for each in found:
        print(f"revoked: {tokens.line(each)}")
    return 0


def _good(options: argparse.Namespace) -> tuple[Path, list[tokens.Token]]:
    """Where the tokens are, and those that were asked for."""
    directory = _settings(options).tokens
    tokens.become_owner(directory)
    found = tokens.tokens(directory, int(_now().timestamp()))
    return directory, [each for each in found if options.account in (None, each.account)]


def _settings(options: argparse.Namespace) -> Settings:
    if options.settings == "-":
        return settings.parse(sys.stdin.read())
    return settings.parse(Path(options.settings).read_text(encoding="utf-8"))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _say(found: list[ServiceError]) -> None:
    for error in found:
        print(f"sciportal-identity: {error}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())

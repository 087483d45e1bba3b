"""Files of the portal, tried before they replace those in use: `python -m sciportal.jobs.trial`."""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from sciportal import outcome
from sciportal.jobs import names, settings
from sciportal.jobs.accounts.account_map import AccountMap
from sciportal.jobs.descriptors import document, render
from sciportal.service.errors import UsageError

_SUM = re.compile(r"[0-9a-f]{64}")


def workers(text: str) -> dict[str, str]:
    """Remote clusters that may fetch jobs.

    Args:
        text: TOML, whose table `workers` has the SHA-256 of the token of each by its name.

    Returns:
        The sums by name.

    Raises:
        UsageError: it is something else.
    """
    wanted, advice = "the list of workers", "correct it, or run the role job_portal"
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(wanted, str(error), advice) from error
    table = found.pop("workers", {})
    if found or not isinstance(table, dict):
        raise UsageError(wanted, "it has something else than the table `workers`", advice)
    for name, each in table.items():
        if not names.is_worker(name) or not isinstance(each, str) or not _SUM.fullmatch(each):
            raise UsageError(wanted, f"{names.shown(name)} is no name with a SHA-256", advice)
    if len(set(table.values())) < len(table):
        raise UsageError(wanted, "two have the same token", "give each a token of its own")
    return dict(table)


def _application(text: str, name: str) -> None:
    render.check(document.parse(text, name))


_KINDS: Mapping[str, Callable[[str, str], object]] = {
    "settings": settings.parse,
    "accounts": AccountMap.parse,
    "workers": lambda text, _name: workers(text),
    "application": _application,
}


def main(argv: list[str] | None = None) -> int:
    """Try a file; the exit code says whether it could be used.

    Args:
        argv: kind, file, and the name under which it will be used; the process's by default.
    """
    parser = argparse.ArgumentParser(prog="sciportal.jobs.trial")
    parser.add_argument("kind", choices=_KINDS)
    parser.add_argument("file", type=Path)
    parser.add_argument("name", nargs="?")
    options = parser.parse_args(argv)

    def action() -> int:
        try:
            text = options.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            found, advice = f"{options.file}: {error}", "give a file of text"
            raise UsageError("try a file", found, advice) from error
        _KINDS[options.kind](text, options.name or options.file.stem)
        return 0

    return outcome.exit_code("sciportal.jobs.trial", action)


if __name__ == "__main__":
    sys.exit(main())

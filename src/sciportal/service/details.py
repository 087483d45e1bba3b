"""All that is known of services, for people who ask for more than the table."""

from __future__ import annotations

import textwrap

from sciportal.light import TYPE_CHECKING
from sciportal.service.layout import Layout
from sciportal.service.restart import how_it_ended
from sciportal.service.terminal import COLUMNS, clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_SHELL = (
    "its main process is a shell that waits for another program: signals end at the shell;"
    " let the script's last line begin with exec"
)
_LEFT = 13


def details(results: Sequence[dict[str, Any]], home: str, *, accounts: bool = False) -> str:
    """A block a service.

    Args:
        results: the objects of the command's JSON.
        home: how the account's home is written; for several accounts their names follow it.
        accounts: whether they are of several accounts.
    """
    return "\n".join(_block(each, home, accounts=accounts) for each in results)


def _block(each: dict[str, Any], home: str, *, accounts: bool) -> str:
    place = home + each["account"] if accounts else home
    last = each["last_exit"]
    rows = {
        "phase": each["phase"] or "not known",
        "restarts": str(each["restarts"]),
        "last exit": "none" if last is None else f"its main process {how_it_ended(last)}",
        "log": f"{place}/{Layout(each['service']).log}",
        "hint": _SHELL if each["is_shell"] else "",
    }
    name = f"{each['account']} {each['service']}" if accounts else each["service"]
    lines = [clean(f"\n{name}:"), *(_wrapped(*row) for row in rows.items() if row[1])]
    return "\n".join(lines)


def _wrapped(left: str, right: str) -> str:
    return textwrap.fill(
        clean(right),
        COLUMNS,
        initial_indent=f"  {left}".ljust(_LEFT),
        subsequent_indent=" " * _LEFT,
        break_long_words=False,
        break_on_hyphens=False,
    )

"""The options of the command: one table, from which it is called, helped, completed, documented."""

from __future__ import annotations

from sciportal.light import NamedTuple

FLAG = "flag"
TEXT = "text"
SECONDS = "seconds"
NUMBER = "number"


class Option(NamedTuple):
    """One option.

    `forms` are its spellings, the long one last; `value` is what it takes, by name; `kind` says
    what that is, and a FLAG takes nothing. Without help it is nobody's but our own roles'.
    """

    forms: tuple[str, ...]
    help: str
    kind: str = FLAG
    value: str = ""

    @property
    def key(self) -> str:
        """Its name in the parsed call."""
        return self.forms[-1].removeprefix("--").replace("-", "_")


HELP = Option(("-h", "--help"), "show this, or what one action does")
WAIT = Option(("--wait",), "wait until it serves, as in --wait=30", SECONDS, "SECONDS")

OPTIONS = (
    HELP,
    Option(("--json",), "one JSON object on standard output"),
    Option(("--check",), "say what would be done and change nothing"),
    WAIT,
    Option(("--yes",), "purge without asking"),
    Option(("--no-archive",), "purge without keeping an archive"),
    Option(("--lock-timeout",), "wait so long for other calls", SECONDS, "SECONDS"),
    Option(("--account",), "act as this account (root only)", TEXT, "NAME"),
    Option(("--all-accounts",), "act for every account (root only)"),
    Option(("-v", "--verbose"), "status: all that is known"),
    Option(("-f", "--follow"), "logs: go on as it grows"),
    Option(("-n", "--lines"), "logs: the last N lines (10)", NUMBER, "N"),
    Option(("--check-site",), "", TEXT, "FILE"),
)
SHOWN = tuple(each for each in OPTIONS if each.help)
BY_FORM = {form: each for each in OPTIONS for form in each.forms}

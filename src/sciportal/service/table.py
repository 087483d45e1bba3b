"""The table of services for people."""

from __future__ import annotations

from sciportal.light import TYPE_CHECKING
from sciportal.service.result import NOT_SET_UP, seconds_of
from sciportal.service.terminal import COLUMNS, clean, coloured

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_COLUMNS = ("ACCOUNT", "SERVICE", "STATE", "JOB", "NODE", "PORT", "ACCESS", "SINCE")
_GAP = "  "
# Of a node's name the end tells more, often a number; of so many characters both ends are kept.
_NODE_LENGTH = 16
_COLOURS = {
    "running": "green",
    "restarting": "yellow",
    "pending": "yellow",
    "stopping": "yellow",
    "unknown": "magenta",
}

Row = dict[str, str]


def table(
    results: Sequence[dict[str, Any]],
    now: float,
    *,
    accounts: bool = False,
    width: int = COLUMNS,
    colour: bool = False,
) -> str:
    """One line a service.

    Where it is too wide, it loses first what can be spared best. Account, service and state stay.

    Args:
        results: the objects of the command's JSON.
        now: seconds since the epoch.
        accounts: whether they are of several accounts.
        width: columns that it is to fit in.
        colour: whether states are coloured.
    """
    head = {name: name for name in _COLUMNS}
    rows = [head, *(_row(each, now) for each in results)]
    if not accounts:
        _drop("ACCOUNT")(rows)
    for shrink in _SHRINKS:
        if sum(_widths(rows).values()) + len(_GAP) * (len(head) - 1) <= width:
            break
        shrink(rows)
    colours = ["", *(_colour(each) if colour else "" for each in results)]
    widths = _widths(rows)
    return "\n".join(_line(row, widths, paint) for row, paint in zip(rows, colours, strict=True))


def _widths(rows: Sequence[Row]) -> dict[str, int]:
    return {name: max(len(row[name]) for row in rows) for name in rows[0]}


def _line(row: Row, widths: dict[str, int], colour: str) -> str:
    cells = [cell.ljust(widths[name]) for name, cell in row.items()]
    plain = _GAP.join(cells).rstrip()
    if not colour:
        return plain
    # Behind the padding, which is not to be coloured.
    begin = sum(widths[name] + len(_GAP) for name in _before(row, "STATE"))
    end = begin + len(row["STATE"])
    return plain[:begin] + coloured(plain[begin:end], colour) + plain[end:]


def _before(row: Row, last: str) -> list[str]:
    names = list(row)
    return names[: names.index(last)]


def _row(each: dict[str, Any], now: float) -> Row:
    end = each["endpoint"]
    cells = (
        each["account"],
        each["service"] or "-",
        _state(each),
        str(each["job_id"] or "-"),
        each["node"] or "-",
        str(end["port"]) if end else "-",
        end["access"] if end else "-",
        _age(each["since"], now),
    )
    return dict(zip(_COLUMNS, map(clean, cells), strict=True))


def _state(each: dict[str, Any]) -> str:
    if each["state"] == "running" and each.get("phase") == "restarting":
        return "restarting"
    return str(each["state"])


def _colour(each: dict[str, Any]) -> str:
    """Of its state; one that is stopped and should not be is a failure."""
    state = _state(each)
    if state == "stopped" and each["message"] not in ("", NOT_SET_UP):
        return "red"
    return _COLOURS.get(state, "")


def _drop(name: str) -> Callable[[Sequence[Row]], None]:
    def drop(rows: Sequence[Row]) -> None:
        for row in rows:
            del row[name]

    return drop


def _change(name: str, shorter: Callable[[str], str]) -> Callable[[Sequence[Row]], None]:
    def change(rows: Sequence[Row]) -> None:
        for row in rows:
            row[name] = shorter(row[name])

    return change


def _host(node: str) -> str:
    """A node without its domain; an address as it is."""
    first = node.partition(".")[0]
    return node if first.isdigit() else first


def _middle_out(node: str) -> str:
    if len(node) <= _NODE_LENGTH:
        return node
    kept = _NODE_LENGTH - 2
    return node[: kept // 2] + ".." + node[-(kept - kept // 2) :]


_SHRINKS = (
    _change("NODE", _host),
    _change("SINCE", lambda age: age.removesuffix(" ago")),
    _change("NODE", _middle_out),
    _drop("ACCESS"),
    _drop("PORT"),
    _drop("SINCE"),
    _drop("NODE"),
    _drop("JOB"),
)


def _age(since: str | None, now: float) -> str:
    """A time, as how long ago that was."""
    if not since:
        return "-"
    seconds = max(0, int(now) - seconds_of(since))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit} ago"
    return f"{seconds}s ago"

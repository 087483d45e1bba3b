"""The file that names the points of a mapped job that failed.

{"format": 1, "points": 1000,
 "number": 1,
 "failed": [{"index": 17, "point": "0.34", "error": "ValueError: no layer", "attempts": 2}]}
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sciportal.jobs.order import MOST_POINTS
from sciportal.jobs.strict import Table
from sciportal.service.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciportal.jobs.mapper.outcome import Failure

NAME = "failures.json"
MOST_BYTES = 1 << 22
MOST_FAILURES = 1000
"""How many are named; `number` counts the others."""

_FORMAT = 1
_LONGEST_POINT = 200
_LONGEST_ERROR = 500
_ADVICE = "use the same version of sciportal on both sides"


def dumps(points: int, failures: Sequence[Failure]) -> str:
    """The text of the file.

    Args:
        points: how many there were.
        failures: those that failed, of which the first 1,000 are named.
    """
    named = [
        {
            "index": each.index,
            "point": _shown(each.point),
            "error": each.error[:_LONGEST_ERROR],
            "attempts": each.attempts,
        }
        for each in failures[:MOST_FAILURES]
    ]
    whole = {"format": _FORMAT, "points": points, "number": len(failures), "failed": named}
    return json.dumps(whole, indent=1)


def loads(data: bytes) -> dict[str, Any]:
    """What the file says, which the job could write as it liked.

    Returns:
        "points", how many there were; "number", how many of them failed; and "failed", which has
        "index", "point" (its JSON as a text), "error" and "attempts" of each that is named.

    Raises:
        UsageError: it is not of this form.
    """
    wanted = f"read {NAME}"
    if len(data) > MOST_BYTES:
        raise UsageError(wanted, f"it has more than {MOST_BYTES} bytes", _ADVICE)
    try:
        table = Table(json.loads(data), wanted, _ADVICE)
    except (ValueError, RecursionError) as error:
        raise UsageError(wanted, f"it is no JSON ({type(error).__name__})", _ADVICE) from None
    table.number("format", least=_FORMAT, most=_FORMAT)
    points = table.number("points", least=1, most=MOST_POINTS)
    number = table.number("number", most=points)
    failed = []
    for each in table.tables("failed", most=min(number, MOST_FAILURES)):
        failed.append(
            {
                "index": each.number("index", most=points - 1),
                "point": each.text("point", most=_LONGEST_POINT),
                "error": each.text("error", most=_LONGEST_ERROR),
                "attempts": each.number("attempts", least=1, most=1000),
            }
        )
        each.done()
    table.done()
    return {"points": points, "number": number, "failed": failed}


def _shown(point: Any) -> str:
    text = json.dumps(point)
    return text if len(text) <= _LONGEST_POINT else f"{text[: _LONGEST_POINT - 3]}..."

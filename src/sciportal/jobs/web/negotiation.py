"""Whether an answer is to be JSON or a page. Decided here, and nowhere else.

A resource has three paths: `/jobs/17.html` is the page, always; `/jobs/17.json` and `/jobs/17` are
JSON, unless the request names `text/html` and likes it at least as much as JSON, as a browser does
whose address bar somebody typed in. `*/*` names nothing: curl, and `fetch` in a page, get JSON.
"""

from __future__ import annotations

from sciportal.light import Enum

_SUFFIX = ".html"
_MEDIA = ("text/html", "application/xhtml+xml")
_JSON = ("application/json", "application/problem+json")
_LONGEST = 2000


class Form(Enum):
    """What an answer is made of."""

    JSON = "application/json"
    HTML = "text/html"


def wanted(path: str, accept: str) -> Form:
    """The form of the answer.

    Args:
        path: of the request.
        accept: its header Accept, empty where there was none (RFC 9110, 12.5.1).
    """
    if path.endswith(_SUFFIX):
        return Form.HTML
    liked = _qualities(accept[:_LONGEST])
    html = max(liked.get(each, 0.0) for each in _MEDIA)
    json = max(liked.get(each, 0.0) for each in _JSON)
    return Form.HTML if html > 0 and html >= json else Form.JSON


def _qualities(accept: str) -> dict[str, float]:
    found = {}
    for each in accept.split(","):
        media, *parameters = (part.strip().lower() for part in each.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                quality = _quality(parameter[2:])
        found[media] = quality
    return found


def _quality(text: str) -> float:
    try:
        value = float(text) if text.isascii() else 0.0
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0

"""Numbers and words in the query of a request, within bounds."""

from __future__ import annotations

import flask

from sciportal.jobs.web.problems import ProblemError, invalid

LARGEST = 2**53


def number(request: flask.Request, name: str, default: int, *, least: int, most: int) -> int:
    """A whole number.

    Raises:
        ProblemError: it is none, or not from `least` to `most`.
    """
    text = request.args.get(name)
    if text is None:
        return default
    plain = text.isascii() and text.isdigit() and len(text) <= 16
    if not plain or not least <= int(text) <= most:
        raise _bad(name, f"it is no whole number from {least} to {most}")
    return int(text)


def word(request: flask.Request, name: str, choices: tuple[str, ...]) -> str:
    """One of some words, the first where there is none.

    Raises:
        ProblemError: it is another.
    """
    text = request.args.get(name, choices[0])
    if text not in choices:
        raise _bad(name, f"it is none of {', '.join(choices)}")
    return text


def _bad(name: str, found: str) -> ProblemError:
    return invalid(f"the query {name}", found, "see /openapi.json for what it may be")

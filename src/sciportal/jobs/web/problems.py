"""What went wrong, for programs as a problem document (RFC 9457), for people as a page."""

from __future__ import annotations

from html import escape
from http import HTTPStatus

from sciportal.jobs.errors import Problem
from sciportal.light import NamedTuple
from sciportal.service.errors import ServiceError

MEDIA = "application/problem+json"
_PREFIX = "urn:sciportal:problem:"
_LONGEST = 1000


class ProblemError(ServiceError):
    """A request could not be answered as it wanted.

    Args:
        status: of HTTP.
        kind: a word for programs, with which the document's `type` ends.
        wanted: what the request was about, as a phrase.
        found: what stood in its way.
        advice: what to do about it, as a phrase.
        headers: what the answer says beside it.
        errors: what is wrong with single fields.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        wanted: str,
        found: str,
        advice: str,
        headers: dict[str, str] | None = None,
        errors: tuple[Problem, ...] = (),
    ) -> None:
        super().__init__(wanted, found, advice)
        self.status = status
        self.kind = kind
        self.headers = headers or {}
        self.errors = errors


class Told(NamedTuple):
    """A problem as it is shown."""

    status: int
    kind: str
    title: str
    wanted: str
    found: str
    advice: str
    errors: tuple[Problem, ...]


def told(problem: ProblemError) -> Told:
    """The words of a problem, none of them longer than a page bears."""
    words = (f"{each:.{_LONGEST}}" for each in (problem.wanted, problem.found, problem.advice))
    wanted, found, advice = words
    title = HTTPStatus(problem.status).phrase
    return Told(problem.status, problem.kind, title, wanted, found, advice, problem.errors)


def document(shown: Told) -> dict[str, object]:
    """The problem document; `wanted`, `found`, `advice` and `errors` are ours."""
    errors = [each._asdict() for each in shown.errors]
    return {
        "type": _PREFIX + shown.kind,
        "title": shown.title,
        "status": shown.status,
        "detail": f"{shown.wanted}: {shown.found}; {shown.advice}",
        "wanted": shown.wanted,
        "found": shown.found,
        "advice": shown.advice,
        **({"errors": errors} if errors else {}),
    }


def page(shown: Told) -> str:
    """A page that needs nothing else; the portal's own pages may have one of theirs."""
    found, advice = escape(shown.found), escape(shown.advice)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(shown.title)}</title></head>\n"
        f"<body><main><h1>{escape(shown.title)}</h1>\n"
        f"<p>{escape(shown.wanted)}: {found}.</p>\n<p>What to do: {advice}.</p></main></body>\n"
        "</html>\n"
    )


def missing(wanted: str) -> ProblemError:
    """There is no such thing, or it is nobody's business who asks."""
    found = "there is none that you may see"
    return ProblemError(404, "not-found", wanted, found, "look at /jobs.json for what there is")


def invalid(wanted: str, found: str, advice: str) -> ProblemError:
    """What the request carries is not of the form it should be."""
    return ProblemError(400, "invalid", wanted, found, advice)


def too_large(wanted: str, limit: int) -> ProblemError:
    """It carries more than this site takes.

    Args:
        wanted: what it was about.
        limit: in bytes.
    """
    found, advice = f"more than {limit} bytes", "send less, or ask the operators for more"
    return ProblemError(413, "too-large", wanted, found, advice)

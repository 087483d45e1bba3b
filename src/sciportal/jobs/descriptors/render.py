"""Makes the script of a job of an application's template; every value is one word of sh.

A template may use its parameters by name, `files` (the names of what was sent) and `resources`.
`{{ value }}` is quoted for sh, a list is several words; `{{ value | number }}` is a number that was
checked to be one, as it is, and may stand in quotation marks, too. There are `{% if %}`,
`{% for %}` and `{% set %}`.
"""

from __future__ import annotations

import functools
import math
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sciportal.jobs.descriptors.document import Descriptor, Value, mistake
from sciportal.jobs.descriptors.quoting import Reader
from sciportal.jobs.order import MOST_SCRIPT, Resources
from sciportal.service.errors import ServiceError

_STATEMENTS = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign)
_OWN = ("files", "resources")
_FUNCTIONS = ("range",)


class _Number(str):
    """The text of a number, which needs no quotation marks."""

    __slots__ = ()


def _number(value: Any) -> _Number:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is no number")
    return _Number(repr(value))


def _quoted(value: Any) -> str:
    """What stands in the script for a value.

    Raises:
        TypeError: it is of a kind that is no word.
    """
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return shlex.quote(_number(value))
    if isinstance(value, str):
        return shlex.quote(value)
    if isinstance(value, list | tuple):
        return " ".join(map(_quoted, value))
    raise TypeError(f"{type(value).__name__} is no word")


def _whole(value: Any) -> str:
    # The error that tells the name comes when the value is made a text.
    return str(value) if isinstance(value, StrictUndefined) else _quoted(value)


@functools.cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=_whole, keep_trailing_newline=True, autoescape=False
    )
    environment.filters["number"] = _number
    environment.globals = {name: environment.globals[name] for name in _FUNCTIONS}
    return environment


@functools.lru_cache(maxsize=256)
def _template(script: str) -> Template:
    # Made once for many jobs: it takes longer than all else that a submission computes.
    return _environment().from_string(script)


def check(descriptor: Descriptor) -> None:
    """Check an application's template without values.

    Raises:
        UsageError: there is a mistake; the first is named.
    """
    try:
        tree = _environment().parse(descriptor.script)
        _environment().compile(tree)
    except TemplateError as error:
        raise mistake(descriptor.name, f"script: {error}") from error
    for statement in tree.find_all(nodes.Stmt):
        if not isinstance(statement, _STATEMENTS):
            found = f"script: line {statement.lineno} has {type(statement).__name__.lower()}"
            raise mistake(descriptor.name, f"{found}, not only if, for and set")
    known = {each.name for each in descriptor.parameters} | {*_OWN, *_FUNCTIONS}
    unknown = sorted(meta.find_undeclared_variables(tree) - known)
    if unknown:
        raise mistake(descriptor.name, f"script: there is no parameter {unknown[0]!r}")
    _check_places(descriptor)


def _check_places(descriptor: Descriptor) -> None:
    reader = Reader()
    inside: list[tuple[str, str]] = []
    for line, kind, text in _environment().lex(descriptor.script):
        if kind == "data":
            reader.text(text)
        elif kind in ("variable_begin", "block_begin"):
            inside = []
        elif kind == "block_end" and reader.place:
            raise _misplaced(descriptor, line, reader.place)
        elif kind == "variable_end":
            number = [token for token in inside if token[0] != "whitespace"][-2:]
            checked = number == [("operator", "|"), ("name", "number")]
            if reader.unsure or (reader.place and not checked):
                raise _misplaced(descriptor, line, reader.place)
            reader.value()
        else:
            inside.append((kind, text))
    if reader.end():
        raise mistake(descriptor.name, f"script: it ends {reader.end()}")


def _misplaced(descriptor: Descriptor, line: int, place: str) -> ServiceError:
    found = f"script: line {line} has braces {place}, where quoting cannot protect a value"
    return mistake(descriptor.name, f"{found}; give it to a variable of sh first")


def render(
    descriptor: Descriptor,
    values: Mapping[str, Value],
    files: Iterable[str] = (),
    resources: Resources | None = None,
) -> str:
    """The script of a job.

    Args:
        descriptor: the application, which was checked.
        values: all its parameters, which were checked.
        files: names of what was sent.
        resources: what the job gets.

    Raises:
        UsageError: the template asks for something that there is not, or makes too much of it.
    """
    given = {**values, "files": tuple(files), "resources": resources or Resources()}
    try:
        script = _template(descriptor.script).render(given)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise mistake(descriptor.name, f"script: {error}") from error
    if len(script) > MOST_SCRIPT or "\0" in script:
        raise mistake(descriptor.name, f"script: it is longer than {MOST_SCRIPT} characters")
    return script

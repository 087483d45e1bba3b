"""The form that an application's description makes: what a page has to show, and nothing of how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sciportal.jobs.descriptors.document import Descriptor, Parameter, Slot
from sciportal.jobs.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field."""

    name: str
    """Of the parameter; of a file, its name or its pattern."""
    kind: str
    """integer, number, text, lines, choice, truth, file or files."""
    label: str
    help: str
    unit: str
    required: bool
    value: str
    """What stands in it; of a truth `true`, or nothing."""
    minimum: float | None = None
    maximum: float | None = None
    shortest: int | None = None
    longest: int | None = None
    pattern: str = ""
    choices: tuple[str, ...] = ()
    most: int = 1
    max_bytes: int | None = None
    advanced: bool = False
    """Whether it is folded away."""
    problem: str = ""
    """What was wrong with what came; empty where nothing was."""


def fields(
    descriptor: Descriptor,
    values: Mapping[str, Any] | None = None,
    problems: Iterable[Problem] = (),
) -> list[Field]:
    """The fields of an application, parameters first.

    Args:
        descriptor: the application.
        values: what stands in them, as typed or as it was submitted before; where there is none,
            the default does.
        problems: what was wrong with what came.
    """
    wrong = {each.field: each.sentence for each in problems}
    given = values or {}
    return [
        *(_parameter(each, given, wrong.get(each.name, "")) for each in descriptor.parameters),
        *(_file(each, wrong.get(each.name or each.pattern, "")) for each in descriptor.files),
    ]


def _parameter(parameter: Parameter, given: Mapping[str, Any], problem: str) -> Field:
    value = given.get(parameter.name, parameter.default)
    text = parameter.kind == "string"
    return Field(
        name=parameter.name,
        kind=_kind(parameter),
        label=parameter.title,
        help=parameter.description,
        unit=parameter.unit,
        # A text may be given and empty, unless it has to be longer.
        required=parameter.default is None and not (text and parameter.shortest == 0),
        value=shown(value),
        minimum=parameter.minimum,
        maximum=parameter.maximum,
        shortest=parameter.shortest if text else None,
        longest=parameter.longest if text else None,
        pattern=parameter.pattern,
        choices=tuple(map(shown, parameter.choices)),
        advanced=parameter.advanced,
        problem=problem,
    )


def _kind(parameter: Parameter) -> str:
    if parameter.choices:
        return "choice"
    if parameter.kind == "string":
        return "lines" if parameter.multiline else "text"
    return "truth" if parameter.kind == "boolean" else parameter.kind


def _file(slot: Slot, problem: str) -> Field:
    return Field(
        name=slot.name or slot.pattern,
        kind="files" if slot.most > 1 else "file",
        label=slot.title,
        help=slot.description,
        unit="",
        required=slot.required,
        value="",
        most=slot.most,
        max_bytes=slot.max_bytes,
        pattern=slot.pattern,
        problem=problem,
    )


def shown(value: Any) -> str:
    """A value as it stands in a field."""
    if isinstance(value, bool):
        return "true" if value else ""
    return "" if value is None else str(value)

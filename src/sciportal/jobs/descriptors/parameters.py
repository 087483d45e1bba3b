"""What users give for an application: its JSON Schema, and the check against it."""

from __future__ import annotations

import fnmatch
import functools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from sciportal.jobs import names
from sciportal.jobs.descriptors.document import LARGEST, Descriptor, Parameter, Slot, Value
from sciportal.jobs.descriptors.pattern import Pattern
from sciportal.jobs.errors import Problem, RejectedError

_ADVICE = "correct what is named and submit again"
_TRUTHS = {"true": True, "on": True, "1": True, "yes": True}
_UNTRUTHS = {"false": False, "": False, "off": False, "0": False, "no": False}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_HALVES = re.compile(r"[\ud800-\udfff]")
_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")


def schema(descriptor: Descriptor) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the object of an application's parameters."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {each.name: _property(each) for each in descriptor.parameters},
        "required": [each.name for each in descriptor.parameters if each.default is None],
    }


def _property(parameter: Parameter) -> dict[str, Any]:
    data: dict[str, Any] = {"type": parameter.kind, "title": parameter.title}
    if parameter.kind == "string":
        data |= {"minLength": parameter.shortest, "maxLength": parameter.longest}
    optional = {
        "description": parameter.description,
        "pattern": parameter.pattern,
        "enum": list(parameter.choices),
    }
    data |= {key: value for key, value in optional.items() if value}
    bounds = {
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "default": parameter.default,
    }
    return data | {key: value for key, value in bounds.items() if value is not None}


def from_form(descriptor: Descriptor, texts: Mapping[str, str]) -> dict[str, Any]:
    """The values in the fields of a form. What is no number is left as it is, for `check`.

    Args:
        descriptor: the application.
        texts: by parameter; a box that is not ticked is not there, and an empty field is none.
    """
    values: dict[str, Any] = {}
    for parameter in descriptor.parameters:
        text = texts.get(parameter.name, "")
        if parameter.kind == "boolean":
            values[parameter.name] = {**_TRUTHS, **_UNTRUTHS}.get(text.lower(), text)
        elif parameter.kind == "string":
            if text or parameter.name in texts:
                values[parameter.name] = text.replace("\r\n", "\n")
        elif text.strip():
            values[parameter.name] = _number(text.strip(), parameter.kind)
    return values


def _number(text: str, kind: str) -> Any:
    if kind == "integer" or _INTEGER.fullmatch(text):
        return int(text) if _INTEGER.fullmatch(text) else text
    try:
        return float(text) if text.isascii() and "_" not in text else text
    except ValueError:
        return text


def check(descriptor: Descriptor, given: Mapping[str, Any]) -> dict[str, Value]:
    """All parameters of an application, those that were not given with their defaults.

    Args:
        descriptor: the application.
        given: what came, of any type.

    Raises:
        RejectedError: something does not fit; all of it is named.
    """
    known = {each.name: each for each in descriptor.parameters}
    problems = [
        Problem("", f"{names.shown(each)} is not known") for each in given if each not in known
    ]
    values: dict[str, Value] = {}
    for parameter in descriptor.parameters:
        value = given.get(parameter.name, parameter.default)
        sentence = "it is missing" if value is None else _wrong(parameter, value)
        if sentence:
            problems.append(Problem(parameter.name, sentence))
        else:
            assert value is not None
            values[parameter.name] = _exact(parameter, value)
    if problems:
        wanted = f"submit a job of {descriptor.name}"
        raise RejectedError(wanted, tuple(problems), _ADVICE)
    return values


def _exact(parameter: Parameter, value: Value) -> Value:
    # To JSON Schema 3.0 is an integer.
    return int(value) if parameter.kind == "integer" else value


@functools.lru_cache(maxsize=1024)
def _pattern(source: str) -> Pattern:
    return Pattern(source)


def _has_pattern(
    _validator: object, source: str, value: object, _schema: object
) -> Iterator[ValidationError]:
    """What the library does with `re`, in a time that users cannot stretch."""
    if isinstance(value, str) and not _pattern(source).found_in(value):
        yield ValidationError(f"{value!r} does not have the form {source!r}")


_Validator: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"pattern": _has_pattern}
)


@functools.lru_cache(maxsize=1024)
def _validator(parameter: Parameter) -> Any:
    return _Validator(_property(parameter))


def _wrong(parameter: Parameter, value: Any) -> str:
    """What is wrong with a value, as a sentence without a dot; empty where nothing is."""
    if isinstance(value, float) and not math.isfinite(value):
        return "it is no number"
    if isinstance(value, int) and abs(value) > LARGEST:
        return "it is too large"
    for error in _validator(parameter).iter_errors(value):
        return _sentence(error, parameter)
    if isinstance(value, str):
        refused = _IN_LINES if parameter.multiline else _CONTROLS
        if refused.search(value) or _HALVES.search(value):
            return (
                "it holds a sign that cannot be there" if parameter.multiline else "it is one line"
            )
    return ""


_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
}
_SENTENCES: dict[str, Callable[[Any, Parameter], str]] = {
    "type": lambda _bound, parameter: f"it has to be {_KINDS[parameter.kind]}",
    "minimum": lambda bound, parameter: f"it has to be {_with_unit(bound, parameter)} or more",
    "maximum": lambda bound, parameter: f"it has to be {_with_unit(bound, parameter)} or less",
    "minLength": lambda bound, _parameter: f"it has to have {bound} characters or more",
    "maxLength": lambda bound, _parameter: f"it may have {bound} characters",
    "enum": lambda choices, _parameter: f"it has to be one of {', '.join(map(str, choices))}",
    "pattern": lambda bound, _parameter: f"it has to have the form {bound}",
}


def _sentence(error: ValidationError, parameter: Parameter) -> str:
    return _SENTENCES[str(error.validator)](error.validator_value, parameter)


def _with_unit(bound: Any, parameter: Parameter) -> str:
    return f"{bound} {parameter.unit}".strip()


def check_files(descriptor: Descriptor, sizes: Mapping[str, int]) -> None:
    """Check which files came.

    Args:
        descriptor: the application.
        sizes: bytes of each file, by its name in the job's directory.

    Raises:
        RejectedError: one is missing, too large, or nobody asked for it; all are named.
    """
    slots = {slot: [name for name in sizes if fits(slot, name)] for slot in descriptor.files}
    problems = []
    for slot, found in slots.items():
        label = slot.name or slot.pattern
        if slot.required and not found:
            problems.append(Problem(label, "this file is missing"))
        if len(found) > slot.most:
            problems.append(Problem(label, f"these are {len(found)} files, at most {slot.most}"))
        problems += [
            Problem(name, f"this file may have {slot.max_bytes} bytes")
            for name in found
            if slot.max_bytes is not None and sizes[name] > slot.max_bytes
        ]
    wanted = {name for found in slots.values() for name in found}
    problems += [
        Problem(names.shown(name), "the application takes no such file")
        for name in sizes
        if name not in wanted
    ]
    if problems:
        raise RejectedError(f"submit a job of {descriptor.name}", tuple(problems), _ADVICE)


def fits(slot: Slot, name: str) -> bool:
    """Whether a file of this name is one that a slot is for."""
    if not names.is_file(name):
        return False
    return name == slot.name if slot.name else fnmatch.fnmatchcase(name, slot.pattern)

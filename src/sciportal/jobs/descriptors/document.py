"""The description of an application, as operators write it in YAML."""

from __future__ import annotations

import functools
import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from sciportal.jobs import names, order
from sciportal.jobs.descriptors.pattern import MOST_WORK, Pattern
from sciportal.service.errors import UsageError

Value = int | float | str | bool
_LONGEST = 1000
"""Characters of a text whose parameter says nothing about that."""
LARGEST = 2**53
_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value that a user gives."""

    name: str
    kind: str
    """integer, number, string or boolean, as in JSON Schema."""
    title: str
    description: str = ""
    unit: str = ""
    default: Value | None = None
    """None: it has to be given."""
    choices: tuple[Value, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    shortest: int = 0
    longest: int = _LONGEST
    """Characters."""
    pattern: str = ""
    """Regular expression that a text has to match somewhere, as in JSON Schema."""
    multiline: bool = False
    advanced: bool = False
    """Whether a form keeps it folded away; it has a default then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A file that a user sends, or several."""

    name: str
    """What it is called in the job's directory; empty where users name theirs."""
    pattern: str
    """fnmatch's, of the names that users may choose; empty where there is one name."""
    title: str
    description: str = ""
    required: bool = True
    most: int = 1
    max_bytes: int | None = None
    """Of each; None for what the site allows for a whole submission."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An amount that is the value of a parameter."""

    parameter: str


Amount = int | Reference


@dataclass(frozen=True, slots=True)
class Counted:
    """As many points as a file that the user sends has."""

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """An application."""

    name: str
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    files: tuple[Slot, ...]
    resources: Mapping[str, Amount]
    """tasks, cpus, memory_mb, minutes; those that are not there are the order's own."""
    partition: str
    script: str
    """Template in Jinja2, of sh."""
    outputs: tuple[str, ...]
    read: tuple[str, ...]
    network: bool
    profile: str
    points: Amount | Counted | None
    """Of a mapped application; None for others."""
    chunk: Amount


def parse(text: str, name: str) -> Descriptor:
    """The description in a file's YAML.

    Args:
        text: of the file.
        name: of the file without `.yml`, which has to be the application's.

    Raises:
        UsageError: there is a mistake in it; the first is named.
    """
    try:
        # The loader is PyYAML's safe one, made stricter.
        data = yaml.load(text, _Loader)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise mistake(name, " ".join(str(error).split())) from error
    wrong = best_match(_validator().iter_errors(data))
    if wrong is not None:
        raise mistake(name, f"{'.'.join(map(str, wrong.absolute_path)) or 'it'}: {wrong.message}")
    descriptor = _descriptor(data)
    if data["name"] != name:
        raise mistake(name, f"its name is {data['name']!r}, but that of its file {name!r}")
    _check(descriptor)
    return descriptor


def mistake(name: str, found: str) -> UsageError:
    """The error that names a mistake."""
    found = found if len(found) <= 500 else found[:500] + "..."
    return UsageError(f"the application {name}", found, "correct its description")


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML's own takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _value in node.value]
        for key in keys:
            if not isinstance(key, Hashable) or keys.count(key) > 1:
                raise yaml.YAMLError(f"{node.start_mark}: the key {key!r} stands twice")
        return super().construct_mapping(node, deep=deep)


@functools.cache
def _validator() -> Draft202012Validator:
    schema = resources.files(__package__).joinpath("schema.json").read_text("utf-8")
    return Draft202012Validator(json.loads(schema))


def _descriptor(data: Mapping[str, Any]) -> Descriptor:
    amounts = {key: _amount(value) for key, value in data.get("resources", {}).items()}
    partition = amounts.pop("partition", "")
    plan = data.get("map", {})
    return Descriptor(
        name=data["name"],
        title=data["title"],
        description=data.get("description", "").strip(),
        parameters=tuple(_parameter(*each) for each in data.get("parameters", {}).items()),
        files=tuple(map(_slot, data.get("files", []))),
        resources=amounts,
        partition=partition,
        script=data["script"],
        outputs=tuple(data.get("outputs", [])),
        read=tuple(data.get("read", [])),
        network=data.get("network", False),
        profile=data.get("profile", ""),
        points=_amount(plan["points"]) if plan else None,
        chunk=_amount(plan.get("chunk", 1)),
    )


def _amount(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return Counted(value["file"]) if "file" in value else Reference(value["parameter"])


def _parameter(name: str, data: Mapping[str, Any]) -> Parameter:
    least, most = (-LARGEST, LARGEST) if data["type"] == "integer" else (None, None)
    return Parameter(
        name=name,
        kind=data["type"],
        title=data.get("title", name),
        description=data.get("description", ""),
        unit=data.get("unit", ""),
        default=data.get("default"),
        choices=tuple(data.get("enum", ())),
        minimum=data.get("minimum", least),
        maximum=data.get("maximum", most),
        shortest=data.get("minLength", 0),
        longest=data.get("maxLength", _LONGEST),
        pattern=data.get("pattern", ""),
        multiline=data.get("multiline", False),
        advanced=data.get("advanced", False),
    )


def _slot(data: Mapping[str, Any]) -> Slot:
    name, pattern = data.get("name", ""), data.get("pattern", "")
    return Slot(
        name=name,
        pattern=pattern,
        title=data.get("title", name or pattern),
        description=data.get("description", ""),
        required=data.get("required", True),
        most=data.get("most", 1),
        max_bytes=data.get("max_bytes"),
    )


def _check(descriptor: Descriptor) -> None:
    """What a schema cannot say.

    Raises:
        UsageError: there is a mistake.
    """
    for parameter in descriptor.parameters:
        _check_parameter(descriptor.name, parameter)
    known = {each.name: each for each in descriptor.parameters}
    amounts = {
        **descriptor.resources,
        "map.points": descriptor.points,
        "map.chunk": descriptor.chunk,
    }
    for key, amount in amounts.items():
        if isinstance(amount, Reference):
            target = known.get(amount.parameter)
            if target is None or target.kind != "integer" or (target.minimum or 0) < 1:
                found = f"{key}: {amount.parameter!r} is no parameter of integers from 1 on"
                raise mistake(descriptor.name, found)
    _check_files(descriptor)
    for path in descriptor.read:
        if not order.is_absolute(path):
            raise mistake(descriptor.name, f"read: {path!r} is no absolute, plain path")
    if not order.is_word(descriptor.profile) or not order.is_word(descriptor.partition):
        raise mistake(descriptor.name, "the name of a profile or partition cannot begin with -")


def _check_files(descriptor: Descriptor) -> None:
    for slot in descriptor.files:
        if slot.name and (not names.is_file(slot.name) or slot.most != 1):
            raise mistake(descriptor.name, f"files: {slot.name!r} cannot be one file's name")
    fixed = [slot.name for slot in descriptor.files if slot.name]
    if len(set(fixed)) != len(fixed):
        raise mistake(descriptor.name, "files: two have the same name")
    sure = [slot.name for slot in descriptor.files if slot.required]
    if isinstance(descriptor.points, Counted) and descriptor.points.file not in sure:
        found = f"map.points: {descriptor.points.file!r} is no required file of that name"
        raise mistake(descriptor.name, found)
    for pattern in (*descriptor.outputs, *(slot.pattern for slot in descriptor.files)):
        if pattern and not order.is_pattern(pattern):
            raise mistake(descriptor.name, f"{pattern!r} is no pattern below the job's directory")


def _check_pattern(application: str, parameter: Parameter) -> None:
    place = f"parameters.{parameter.name}"
    try:
        steps = Pattern(parameter.pattern).steps
    except ValueError as error:
        raise mistake(application, f"{place}.pattern: {error}") from error
    most = MOST_WORK // steps
    if parameter.pattern and parameter.longest > most:
        found = f"texts of {parameter.longest} characters are too long for it"
        raise mistake(application, f"{place}.pattern: {found}, give a maxLength up to {most}")


def _check_parameter(application: str, parameter: Parameter) -> None:
    place = f"parameters.{parameter.name}"
    _check_pattern(application, parameter)
    given = [*parameter.choices, *([] if parameter.default is None else [parameter.default])]
    for value in given:
        # To Python true is a number.
        truth = isinstance(value, bool) and parameter.kind != "boolean"
        if truth or not isinstance(value, _TYPES[parameter.kind]):
            raise mistake(application, f"{place}: {value!r} is no {parameter.kind}")
        if isinstance(value, int | float) and not isinstance(value, bool):
            low, high = parameter.minimum, parameter.maximum
            if (low is not None and value < low) or (high is not None and value > high):
                raise mistake(application, f"{place}: {value!r} is out of its own range")
    if parameter.choices and parameter.default not in (None, *parameter.choices):
        raise mistake(application, f"{place}: the default is none of the choices")
    if parameter.advanced and parameter.default is None:
        raise mistake(application, f"{place}: what is folded away needs a default")
    if parameter.kind == "boolean" and parameter.choices:
        raise mistake(application, f"{place}: true and false are all there is to choose from")

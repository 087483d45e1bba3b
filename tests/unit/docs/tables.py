"""Tables of the documentation, made from the code."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from messages import table as messages
from sciportal.service import kinds, manual, settings, usage
from sciportal.service.options import SHOWN
from sciportal.service.site import Site
from sciportal.service.types import apache_options

ROOT = Path(__file__).resolve().parents[3]

_REGION = re.compile(r"(<!-- table: ([a-z._ -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """A page with every table of it as the code has it now."""
    return _REGION.sub(lambda found: f"{found[1]}{table(found[2])}{found[3]}", text)


def table(name: str) -> str:
    """The table of that name, in Markdown."""
    kind, *words_ = name.split()
    if kind == "role":
        return _lines(("variable", "type", "default", "meaning"), _role(*words_))
    if kind == "messages":
        return _messages(*words_)
    makers = {
        "apache-options": (("option", "what it does"), _apache_options),
        "actions": (("action", "without SERVICE", "what it does"), _actions),
        "command-options": (("option", "meaning"), _command_options),
        "exits": (("code", "meaning"), _exits),
        "files": (("path below your home", "what it is"), _files),
        "states": (("state", "meaning"), _states),
        "service-settings": (("key", "value", "default"), _service_settings),
        "types": (("service", "`protocol`", "`access`", "`restart`", "first port"), _types),
        "service.toml": (("key", "variable", "default", "meaning"), _site),
    }
    head, maker = makers[kind]
    return _lines(head, maker())


def arguments(role: str, entry: str = "main") -> dict[str, Any]:
    """The options in the argument specification of a role."""
    path = ROOT / "roles" / role / "meta" / "argument_specs.yml"
    specs = yaml.safe_load(path.read_text())["argument_specs"]
    options: dict[str, Any] = specs[entry]["options"]
    return options


def meanings(source: str, name: str) -> dict[str, str]:
    """The docstrings below the fields of the class `name` in `source`."""
    tree = ast.parse(source)
    classes = {each.name: each for each in tree.body if isinstance(each, ast.ClassDef)}
    found: dict[str, str] = {}
    for before, after in itertools.pairwise(classes[name].body):
        if not isinstance(before, ast.AnnAssign) or not isinstance(after, ast.Expr):
            continue
        assert isinstance(before.target, ast.Name)
        assert isinstance(after.value, ast.Constant)
        found[before.target.id] = " ".join(str(after.value.value).split())
    return found


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    every = [head, ["---"] * len(head), *cells]
    return "".join("| " + " | ".join(row) + " |\n" for row in every)


def _code(value: object) -> str:
    if isinstance(value, str) and value:
        return f"`{value}`"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _role(role: str, entry: str = "main") -> Iterator[Sequence[str]]:
    yield from _options(arguments(role, entry), "", {})


def _options(options: dict[str, Any], within: str, seen: dict[int, str]) -> Iterator[Sequence[str]]:
    for name, spec in options.items():
        full = within + name
        kind = spec.get("type", "str")
        if "elements" in spec:
            kind = f"{kind} of {spec['elements']}"
        if "choices" in spec:
            kind = " or ".join(_code(each) for each in spec["choices"])
        said = spec["description"]
        plain = said if isinstance(said, str) else " ".join(said)
        meaning = re.sub(r"\b[VOCM]\(([^)]*)\)", r"`\1`", plain)
        inner = spec.get("options", {})
        if id(inner) in seen:
            meaning += f" Each as in `{seen[id(inner)]}`."
        yield f"`{full}`", kind, _default(spec), meaning
        if inner and id(inner) not in seen:
            # A YAML alias is the same object again, and needs no second description.
            seen[id(inner)] = full
            yield from _options(inner, f"{full}.", seen)


def _default(spec: dict[str, Any]) -> str:
    if spec.get("required"):
        return "required"
    return _code(spec["default"]) if "default" in spec else ""


def _messages(section: str) -> str:
    """Without a column for exit codes where nothing exits."""
    meaning = "what it means, and what helps"
    found = messages.messages(section)
    if not any(each.exit for each in found):
        head = {"log": "what the log says", "pages": "page"}.get(section, "what was found")
        return _lines((head, meaning), ((each.cell, each.help) for each in found))
    codes = ("" if each.exit is None else str(each.exit) for each in found)
    rows = ((each.cell, code, each.help) for each, code in zip(found, codes, strict=True))
    return _lines(("what was found", "exit", meaning), rows)


def _apache_options() -> Iterator[Sequence[str]]:
    for option in apache_options.OPTIONS:
        # Patterns of names are no emphasis.
        effect = re.sub(r"(?<= )(\S*\*\S*?)(?=[,;]? |[,;.]?$)", r"`\1`", option.effect)
        yield f"`{option.line}`", effect


def _actions() -> Iterator[Sequence[str]]:
    for name, verb in manual.VERBS.items():
        yield f"`{name}`", verb.nameless, verb.text


def _command_options() -> Iterator[Sequence[str]]:
    for option in SHOWN:
        yield f"`{usage.spelling(option)}`", option.help


def _exits() -> Iterator[Sequence[str]]:
    return ((str(code), meaning) for code, meaning in manual.EXITS.items())


def _files() -> Iterator[Sequence[str]]:
    return ((f"`{path}`", meaning) for path, meaning in manual.FILES.items())


def _states() -> Iterator[Sequence[str]]:
    return ((f"`{state}`", meaning) for state, meaning in manual.STATES.items())


def _service_settings() -> Iterator[Sequence[str]]:
    found = settings.defaults("custom", Site().stop_timeout)
    spelled = {**found._asdict(), "port": "auto", "sbatch": list(found.sbatch)}
    for key, value in settings.KEYS.items():
        yield f"`{key}`", value, f"`{json.dumps(spelled[key])}`"


def _types() -> Iterator[Sequence[str]]:
    every = {**{f"`{name}`": kind for name, kind in kinds.TYPES.items()}, "any other": kinds.CUSTOM}
    for name, kind in every.items():
        first = f"{kind.port_base} + uid modulo {kinds.PORT_SPAN}"
        yield name, f"`{kind.protocol}`", f"`{kind.access}`", f"`{kind.restart}`", first


def _site() -> Iterator[Sequence[str]]:
    source = (ROOT / "src/sciportal/service/site.py").read_text()
    meaning = meanings(source, "Site")
    for key, value in Site()._asdict().items():
        yield f"`{key}`", f"`sbatch_service_{key}`", _code(value), meaning[key]

"""What is told where something fails: what was wanted, what was found, what to do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from sciportal.service import errors
from sciportal.service.errors import ServiceError

SOURCE = Path(errors.__file__).parent
# Those of this module: the portal makes more, with further arguments.
KINDS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, ServiceError)
}


def raised() -> Iterator[tuple[str, ast.Call]]:
    """Every error that the command can make, and where."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KINDS:
                yield f"{path.name}:{node.lineno}", node


def texts(node: ast.expr) -> str:
    """The fixed parts of a message; a name stands for a text that is made elsewhere."""
    parts = (each for each in ast.walk(node) if isinstance(each, (ast.Constant, ast.Name)))
    return "".join(str(each.value) if isinstance(each, ast.Constant) else each.id for each in parts)


def test_every_error_has_its_three_parts():
    seen = 0
    for where, call in raised():
        if isinstance(call.args[0], ast.Starred):
            # One that came from another process, which made it here.
            continue
        seen += 1
        assert len(call.args) == 3, where
        assert all(texts(part).strip() for part in call.args), where
    assert seen > 60


def test_parts_are_phrases_that_make_one_sentence():
    for where, call in raised():
        for part in call.args:
            text = texts(part)
            assert not text.rstrip().endswith((".", ";", ":", "!")), where


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_error_is_printed_as_one_sentence(kind):
    error = getattr(errors, kind)("start web", "there is none", "write it")
    assert str(error) == "start web: there is none; write it"
    assert (error.wanted, error.found, error.advice) == ("start web", "there is none", "write it")

"""What stands in for the standard library behaves as it does."""

from __future__ import annotations

import contextlib
import copy
import enum
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal import light
from unit.service.imported import modules


class Point(light.NamedTuple):
    """Ours."""

    x: int
    y: int = 2
    z: tuple[int, ...] = ()

    @property
    def both(self) -> int:
        """A sum."""
        return self.x + self.y


class StandardPoint(typing.NamedTuple):
    """The standard library's."""

    x: int
    y: int = 2
    z: tuple[int, ...] = ()


class Colour(light.Enum):
    """Ours."""

    RED = "red"
    GREEN = "green"

    @property
    def shout(self) -> str:
        """Loud."""
        return str(self.value).upper()


class StandardColour(enum.Enum):
    """The standard library's."""

    RED = "red"
    GREEN = "green"


def outcome(work: Any) -> Any:
    """What comes of it, or the kind of its error."""
    try:
        found = work()
    except Exception as error:
        return type(error)
    return tuple(found) if isinstance(found, tuple) else found


CALLS: list[tuple[list[Any], dict[str, Any]]] = [
    ([1], {}),
    ([1, 3, (4,)], {}),
    ([], {"x": 1}),
    ([1], {"z": (5,)}),
    ([], {"z": (), "y": 1, "x": 0}),
    ([], {}),
    ([1], {"x": 2}),
    ([1, 2, (), 4], {}),
    ([1, 2, ()], {"x": 2}),
    ([1], {"wrong": 2}),
]


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_tuple_takes_what_the_standard_one_takes(call: Any) -> None:
    values, named = call
    ours = outcome(lambda: Point(*values, **named))
    assert ours == outcome(lambda: StandardPoint(*values, **named))


def test_a_tuple_is_one_in_all_that_is_used() -> None:
    ours, theirs = Point(1, z=(7,)), StandardPoint(1, z=(7,))
    assert ours == theirs == (1, 2, (7,))
    assert hash(ours) == hash(theirs)
    assert (ours.x, ours.y, ours.z, ours.both) == (1, 2, (7,), 3)
    assert ours._asdict() == theirs._asdict()
    assert ours._replace(y=5) == theirs._replace(y=5)
    assert repr(ours) == repr(theirs).removeprefix("Standard")
    assert Point._fields == StandardPoint._fields
    assert Point._field_defaults == StandardPoint._field_defaults
    assert Point._make([1, 2, ()]) == (1, 2, ())
    assert outcome(lambda: ours._replace(wrong=1)) in (TypeError, ValueError)
    assert copy.deepcopy(ours) == ours
    with pytest.raises(AttributeError):
        ours.x = 3  # type: ignore[misc]  # that is what is tried
    match ours:
        case Point(x, y, z):
            assert (x, y, z) == (1, 2, (7,))


def test_an_enumeration_is_one_in_all_that_is_used() -> None:
    for kind in (Colour, StandardColour):
        assert [each.value for each in kind] == ["red", "green"]
        assert [each.name for each in kind] == ["RED", "GREEN"]
        assert kind("red") is kind.RED
        assert kind["GREEN"] is kind.GREEN
        assert len(kind) == 2
        assert len({kind.RED, kind.GREEN, kind("red")}) == 2
        assert isinstance(kind.RED, kind)
        assert copy.deepcopy(kind.RED) is kind.RED
        with pytest.raises(ValueError, match="'blue' is not a valid"):
            kind("blue")
    assert repr(Colour.RED) == repr(StandardColour.RED).replace("Standard", "")
    assert str(Colour.RED) == "Colour.RED"
    assert Colour.RED.shout == "RED"


@given(st.sampled_from([KeyError, OSError, ValueError, None]))
def test_errors_are_suppressed_as_by_the_standard_library(kind: type[Exception] | None) -> None:
    def run(suppress: Any) -> str:
        with suppress(KeyError, OSError):
            if kind:
                raise kind
            return "through"
        return "suppressed"

    assert outcome(lambda: run(light.suppress)) == outcome(lambda: run(contextlib.suppress))


def test_a_status_imports_nothing_that_takes_longer_than_a_squeue() -> None:
    heavy = {"argparse", "collections", "contextlib", "enum", "functools", "json", "re", "signal"}
    heavy |= {"subprocess", "tempfile", "textwrap", "tomllib", "typing"}
    assert heavy.isdisjoint(modules(["status", "web"]))

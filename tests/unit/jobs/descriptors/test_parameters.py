"""What users may give for an application."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sciportal.jobs.descriptors import document, form, orders, parameters
from sciportal.jobs.descriptors.document import Counted, Descriptor, Reference
from sciportal.jobs.descriptors.orders import Place
from sciportal.jobs.errors import Problem, RejectedError
from sciportal.jobs.order import InputFile, Limits, Map

GIVEN: dict[str, Any] = {"whom": "bob", "times": 2}
CARD = InputFile("card.txt", 5, "0" * 64)


def problems(descriptor: Descriptor, given: dict[str, Any]) -> dict[str, str]:
    """What is wrong, by field."""
    with pytest.raises(RejectedError) as caught:
        parameters.check(descriptor, given)
    return {each.field: each.sentence for each in caught.value.problems}


def test_what_is_not_given_has_its_default(greeting: Descriptor) -> None:
    whole = parameters.check(greeting, GIVEN)
    assert whole == {
        "whom": "bob",
        "times": 2,
        "pause": 0.5,
        "style": "soft",
        "notes": "",
        "polite": True,
    }


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("times", 0, "1 times or more"),
        ("times", 101, "100 times or less"),
        ("times", 1.5, "a whole number"),
        ("times", "2", "a whole number"),
        ("times", True, "a whole number"),
        ("times", 10**400, "too large"),
        ("pause", math.nan, "no number"),
        ("pause", math.inf, "no number"),
        ("pause", -1, "0 or more"),
        ("whom", "x" * 41, "40 characters"),
        ("whom", "a\nb", "one line"),
        ("whom", "a\0b", "one line"),
        ("whom", "\ud800", "one line"),
        ("whom", ["a"], "a text"),
        ("whom", None, "missing"),
        ("notes", "a\0b", "cannot be there"),
        ("notes", "\x1b[2J", "cannot be there"),
        ("style", "wild", "one of loud, soft"),
        ("polite", 1, "true or false"),
    ],
)
def test_what_does_not_fit_is_named(
    greeting: Descriptor, name: str, value: Any, found: str
) -> None:
    assert found in problems(greeting, {**GIVEN, name: value})[name]


def test_all_that_is_wrong_is_named_at_once(greeting: Descriptor) -> None:
    found = problems(greeting, {"times": 0, "else": 1})
    assert found.keys() == {"", "times", "whom"}
    assert "'else'" in found[""]


def test_a_form_gives_texts(greeting: Descriptor) -> None:
    texts = {"whom": "bob", "times": " 2 ", "pause": "1e-1", "style": "loud", "notes": "a\r\nb"}
    values = parameters.check(greeting, parameters.from_form(greeting, texts))
    assert values == {
        "whom": "bob",
        "times": 2,
        "pause": 0.1,
        "style": "loud",
        "notes": "a\nb",
        "polite": False,
    }
    wrong = parameters.from_form(greeting, {"whom": "x", "times": "two", "pause": "nan"})
    assert problems(greeting, wrong).keys() == {"times", "pause"}


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["whom", "times", "pause", "x"]), st.text(max_size=8)))
def test_no_form_is_too_strange(greeting: Descriptor, texts: dict[str, str]) -> None:
    try:
        values = parameters.check(greeting, parameters.from_form(greeting, texts))
    except RejectedError as error:
        assert error.problems
    else:
        assert Draft202012Validator(parameters.schema(greeting)).is_valid(values)


def test_the_schema_says_the_same(greeting: Descriptor) -> None:
    schema = parameters.schema(greeting)
    Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["whom"]
    assert schema["properties"]["times"]["maximum"] == 100
    assert not Draft202012Validator(schema).is_valid({"whom": "bob", "times": 101})


def test_files_are_those_that_are_wanted(greeting: Descriptor) -> None:
    parameters.check_files(greeting, {"card.txt": 1000, "a.dat": 1, "b.dat": 10**9})
    needed = replace(greeting, files=tuple(replace(each, required=True) for each in greeting.files))
    sizes = {"card.txt": 1001, "../a.dat": 1, "other": 1}
    sizes |= {f"{number}.dat": 1 for number in range(4)}
    with pytest.raises(RejectedError) as caught:
        parameters.check_files(needed, sizes)
    assert {each.field for each in caught.value.problems} == {
        "card.txt",
        "*.dat",
        "'../a.dat'",
        "'other'",
    }
    with pytest.raises(RejectedError, match=r"card\.txt: this file is missing"):
        parameters.check_files(needed, {"a.dat": 1})


def test_a_form_has_a_field_for_each(greeting: Descriptor) -> None:
    wrong = [Problem("times", "it is too large")]
    made = {each.name: each for each in form.fields(greeting, {"times": 400}, wrong)}
    assert {name: each.kind for name, each in made.items()} == {
        "whom": "text",
        "times": "integer",
        "pause": "number",
        "style": "choice",
        "notes": "lines",
        "polite": "truth",
        "card.txt": "file",
        "*.dat": "files",
    }
    assert (made["times"].value, made["times"].problem) == ("400", "it is too large")
    assert (made["polite"].value, made["pause"].value) == ("true", "0.5")


def test_an_order_is_made_of_it(greeting: Descriptor) -> None:
    values = parameters.check(greeting, GIVEN)
    mapped = replace(greeting, points=Reference("times"), chunk=5)
    place = Place("bob@site.org", "bob", "far")
    order = orders.make(mapped, "", values, [CARD], place, Limits(cpu_seconds=7), {})
    assert (order.job, order.name, order.user, order.host) == (0, "Greeting", "bob@site.org", "far")
    assert order.resources.minutes == 2
    assert order.limits.cpu_seconds == 7
    assert order.map == Map(2, 5)
    assert "echo hello bob" in order.script
    assert order.files == (CARD,)
    with pytest.raises(RejectedError, match="takes no such file"):
        orders.make(greeting, "", values, [InputFile("x", 1, "0" * 64)], place, Limits(), {})


def test_points_are_counted_in_a_file(greeting: Descriptor) -> None:
    values = parameters.check(greeting, GIVEN)
    mapped = replace(greeting, points=Counted("card.txt"), chunk=2)
    place = Place("bob@site.org", "bob", "")
    stream = io.BytesIO(b"[1, [2, 3], {}]")
    order = orders.make(mapped, "", values, [CARD], place, Limits(), {"card.txt": stream})
    assert order.map == Map(3, 2)
    assert stream.tell() == 0
    with pytest.raises(RejectedError) as caught:
        orders.make(mapped, "", values, [CARD], place, Limits(), {"card.txt": io.BytesIO(b"{}")})
    [problem] = caught.value.problems
    assert problem == ("card.txt", "the file has something else than a list")


def test_no_text_makes_a_pattern_take_long() -> None:
    # Python's own would go on for longer than anybody lives.
    text = """
        {name: evil, title: Evil, script: "true",
         parameters: {p: {type: string, pattern: "^(a+)+$"}}}
    """
    descriptor = document.parse(text, "evil")
    assert parameters.check(descriptor, {"p": "a" * 1000}) == {"p": "a" * 1000}
    assert problems(descriptor, {"p": "a" * 999 + "!"}) == {"p": "it has to have the form ^(a+)+$"}

"""The order is read strictly, and comes out as it went in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.samples import order
from sciportal.jobs import names, strict
from sciportal.jobs import order as orders
from sciportal.jobs.order import InputFile, Limits, Map, Resources
from sciportal.service.errors import UsageError

WHOLE = order(
    job=17,
    attempt=2,
    user="alice@site.org",
    host="far",
    files=(InputFile("model.py", 120, "a" * 64), InputFile("my data.dat", 0, "b" * 64)),
    outputs=("*.png", "out/*.txt"),
    read=("/opt/science",),
    network=True,
    profile="bumps",
    resources=Resources(2, 4, 2048, 30, "long"),
    limits=Limits(1, 2, 3),
    map=Map(1000, 50),
    listener="http://web:8098/notify",
    token="abc-DEF_1",  # noqa: S106  # a sample
)


def test_it_comes_out_as_it_went_in() -> None:
    for each in (WHOLE, order()):
        assert orders.loads(orders.dumps(each)) == each
    assert orders.to_json(WHOLE)["format"] == 1
    assert WHOLE.at(18, 1).token == ""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", 2),
        ("job", -1),
        ("job", "17"),
        ("job", True),
        ("job", 2**60),
        ("attempt", 0),
        ("user", "../bob"),
        ("user", ""),
        ("account", "root; id"),
        ("account", "-u"),
        ("host", "-oProxyCommand=id"),
        ("host", "a b"),
        ("application", "../x"),
        ("name", "two\nlines"),
        ("name", "x" * 101),
        ("script", "a\0b"),
        ("script", "\ud800"),
        ("script", None),
        ("files", {}),
        ("files", [{"name": "../a", "size": 1, "sha256": "a" * 64}]),
        ("files", [{"name": "a", "size": -1, "sha256": "a" * 64}]),
        ("files", [{"name": "a", "size": 1, "sha256": "A" * 64}]),
        ("files", [{"name": "a", "size": 1, "sha256": "a" * 64, "more": 1}]),
        ("files", [{"name": "a", "size": 1, "sha256": "a" * 64}] * 2),
        ("files", [1]),
        ("outputs", ["../*"]),
        ("outputs", ["/etc/passwd"]),
        ("outputs", ["a/../../b"]),
        ("outputs", [7]),
        ("read", ["etc"]),
        ("read", ["/opt/.."]),
        ("read", ["/opt/a b"]),
        ("network", 1),
        ("profile", "-x"),
        ("resources.cpus", 0),
        ("resources.partition", "--x"),
        ("limits.cpu_seconds", 0),
        ("map", {"points": 0, "chunk": 1}),
        ("map", []),
        ("listener", "file:///etc/passwd"),
        ("listener", "http://a/?x=$(id)"),
        ("token", "a b"),
        ("unknown", 1),
    ],
)
def test_what_is_wrong_is_refused_and_named(path: str, value: Any) -> None:
    data = json.loads(orders.dumps(WHOLE))
    *above, last = path.split(".")
    table = data
    for each in above:
        table = table[each]
    table[last] = value
    with pytest.raises(UsageError) as caught:
        orders.from_json(data)
    assert last in caught.value.found


@pytest.mark.parametrize("key", sorted(orders.to_json(WHOLE)))
def test_nothing_may_be_missing(key: str) -> None:
    data = orders.to_json(WHOLE)
    del data[key]
    with pytest.raises(UsageError, match=f"{key} is missing"):
        orders.from_json(data)


@pytest.mark.parametrize("text", ["", "[]", "1", "{", "[" * 100_000, b"\xff", "null"])
def test_what_is_no_order_is_refused(text: str | bytes) -> None:
    with pytest.raises(UsageError, match="read an order"):
        orders.loads(text)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(ANYTHING, st.sampled_from(sorted(orders.to_json(WHOLE))))
def test_anything_else_is_a_clear_error(value: Any, key: str) -> None:
    try:
        orders.from_json({**orders.to_json(WHOLE), key: value})
    except UsageError as error:
        assert str(error).isprintable() or "\\" in str(error)


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".x", "-x", "a/b", "a\0", "a\nb", "é", "x" * 101, "a ", "a\\b", "a:b"]
)
def test_names_that_could_mean_something_else_are_none(name: str) -> None:
    assert not names.is_file(name)
    with pytest.raises(UsageError):
        names.check_file(name)


@pytest.mark.parametrize("name", ["model.py", "my data.dat", "a+b=c@d,e", "_x", "X"])
def test_names_that_people_use_are(name: str) -> None:
    assert names.check_file(name) == name


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("017", None), ("", None), ("-1", None), ("1" * 20, None)]
)
def test_numbers_of_jobs(text: str, number: int | None) -> None:
    assert names.job_id(text) == number
    assert names.job_id("٣") is None


def test_who_nobody_is_cannot_sign_in() -> None:
    assert not names.is_user(names.ANONYMOUS)
    with pytest.raises(UsageError):
        names.check_user(names.ANONYMOUS)
    assert names.is_user("alice@site.org")
    assert not names.is_title("\u202etxt.exe")


@settings(deadline=None)
@given(ANYTHING)
def test_a_table_takes_any_value(value: Any) -> None:
    table = strict.Table({"x": value}, "read", "correct it")
    for ask in (table.text, table.number, table.truth, table.texts, table.table):
        try:
            ask("x")
        except UsageError as error:
            assert "x" in error.found
    table.done()

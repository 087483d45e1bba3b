"""The workers of the store become those of a list."""

from __future__ import annotations

from sciportal.jobs.store.declared import declare
from sciportal.jobs.store.store import Store

ONE, OTHER = "1" * 64, "2" * 64


def known(store: Store) -> dict[str, str | None]:
    """Whose token each is."""
    return {each: store.worker(each) for each in (ONE, OTHER)}


def test_those_of_the_list_are_let_in_and_others_no_longer(store: Store) -> None:
    assert declare(store, {"a": ONE})
    assert known(store) == {ONE: "a", OTHER: None}
    assert not declare(store, {"a": ONE})

    assert declare(store, {"a": OTHER})
    assert known(store) == {ONE: None, OTHER: "a"}
    assert declare(store, {"b": OTHER})
    assert known(store) == {ONE: None, OTHER: "b"}
    assert [each.name for each in store.workers()] == ["b"]

    assert declare(store, {})
    assert known(store) == {ONE: None, OTHER: None}


def test_tokens_may_change_places(store: Store) -> None:
    declare(store, {"a": ONE, "b": OTHER})
    assert declare(store, {"a": OTHER, "b": ONE})
    assert known(store) == {ONE: "b", OTHER: "a"}

"""The map from identities to accounts: an unlisted word is nobody's."""

from __future__ import annotations

from typing import Any

import pytest

from sciportal.identity import accounts
from sciportal.identity.accounts import Identity

HOME, GUEST, AUTHORITY = (
    "https://idp.site.org/idp",
    "https://idp.guest.org/idp",
    "CN=Authority,O=Site",
)
MAP = accounts.entries(
    [
        {"issuer": HOME},
        {"issuer": HOME, "scope": "site.org"},
        {"issuer": GUEST, "scope": "guest.org", "users": {"alice": "guest1", "bob": "alice"}},
        {"issuer": AUTHORITY, "users": {"jdoe": "jane"}},
    ]
)


def is_here(name: str) -> bool:
    """Whether there is an account of this name."""
    return name in {"alice", "guest1", "jane"}


@pytest.mark.parametrize(
    ("issuer", "user", "wanted"),
    [
        (HOME, "alice", "alice"),
        (HOME, "alice@site.org", "alice"),
        (AUTHORITY, "jdoe", "jane"),
        (GUEST, "bob@guest.org", "alice"),
        # The same word of somebody else.
        (GUEST, "alice", None),
        (GUEST, "alice@guest.org", "guest1"),
        (GUEST, "alice@site.org", None),
        (GUEST, "carol@guest.org", None),
        ("https://idp.evil.org/idp", "alice", None),
        ("https://idp.evil.org/idp", "alice@site.org", None),
        (AUTHORITY, "alice", None),
        (HOME.upper(), "alice", None),
        (HOME + " ", "alice", None),
        ("", "alice", None),
        # Names that are none, or nobody's.
        (HOME, "alice@", None),
        (HOME, "alice@site.org@site.org", None),
        (HOME, "@site.org", None),
        (HOME, "", None),
        (HOME, "root", None),
        (HOME, "root@site.org", None),
        (HOME, "alice\n", None),
        (HOME, "../alice", None),
    ],
)
def test_who_somebody_is_depends_on_who_says_it(issuer: str, user: str, wanted: str | None) -> None:
    assert accounts.account(MAP, Identity(issuer, user)) == wanted


def test_of_two_providers_that_say_alice_only_the_mapped_one_is_alice() -> None:
    given = accounts.entries([{"issuer": HOME, "users": {"alice": "alice"}}])
    assert accounts.problems(given, is_here) == []
    assert accounts.account(given, Identity(HOME, "alice")) == "alice"
    assert accounts.account(given, Identity(GUEST, "alice")) is None


def said(*data: dict[str, Any]) -> str:
    """What is wrong with a map."""
    return " | ".join(map(str, accounts.problems(accounts.entries(data), is_here)))


def test_a_good_map_is_taken() -> None:
    assert accounts.problems(MAP, is_here) == []
    assert said() == ""


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ([{"issuer": " "}], "nobody says who they are"),
        ([{"issuer": HOME, "scope": "Site.org"}], "is no scope"),
        ([{"issuer": HOME, "scope": "@site.org"}], "is no scope"),
        ([{"issuer": HOME, "users": {"a@b": "alice"}}], "is no name without a scope"),
        ([{"issuer": f"{HOME}\t"}], "cannot be seen"),
        ([{"issuer": HOME, "users": {"*": "alice"}}], "is no name without a scope"),
        ([{"issuer": HOME, "users": {"a": "alicia"}}], "there is no account 'alicia'"),
        ([{"issuer": HOME, "users": {"a": "root"}}], "cannot be an account of a person"),
        ([{"issuer": HOME, "users": {"a": "no account"}}], "cannot be an account of a person"),
        ([{"issuer": HOME}, {"issuer": HOME, "users": {}}], "two entries are for the scope ''"),
    ],
)
def test_a_map_that_would_let_in_others_is_refused(data: list[dict[str, Any]], found: str) -> None:
    assert found in said(*data)

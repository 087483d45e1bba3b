"""How accounts are called in names of hosts: each differently, whoever chose the name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.frontend.labels import label, labels
from sciportal.service.names import is_account

HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
NAMES = st.text("abuAZ019_.-", min_size=1, max_size=32).filter(is_account)


@pytest.mark.parametrize("name", ["alice", "a", "a-b", "u", "user1", "u1x", "a" * 29])
def test_a_name_that_is_a_label_is_its_own(name: str) -> None:
    assert label(name, 7) == label(name, None) == name


@pytest.mark.parametrize(
    "name", ["Alice", "a.b", "a_b", "_a", "a-", "a--b", "u7", "u0012", "a" * 30, "a\n"]
)
def test_any_other_account_is_called_by_its_number(name: str) -> None:
    assert label(name, 2001) == "u2001"
    assert label(name, None) is None


@given(st.dictionaries(NAMES, st.integers(0, 99), max_size=6))
def test_no_account_gets_the_label_of_another(accounts: dict[str, int]) -> None:
    found = labels(dict(accounts))
    for mine, name in found.items():
        assert HOST.fullmatch(mine)
        assert "--" not in mine
        # With the longest name of a service it still is one label (RFC 1123).
        assert 32 + len(f"--{mine}") <= 63
        # Who has the name, or the number, that it says.
        assert mine == name or mine == f"u{accounts[name]}"
        assert mine == name or mine not in accounts or label(mine, None) is None
    numbers = set(accounts.values())
    assert len(found) >= len(numbers)

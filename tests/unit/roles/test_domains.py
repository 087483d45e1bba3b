"""The role frontend refuses domains that it could not serve as they are given."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.template import Templar

from golden.render import _loader, _yaml
from unit.roles.test_variables import ROLES


def refused(*domains: dict[str, str]) -> list[str]:
    """The names of the domains that are refused."""
    variables: dict[str, Any] = {
        **_yaml(ROLES / "frontend/vars/main.yml"),
        "frontend_server_name": "Pages.example.org",
        "frontend_server_aliases": ["www.example.org"],
        "frontend_domains": list(domains),
    }
    found = Templar(loader=_loader, variables=variables).resolve_variable_expression(
        "__frontend_wrong_domains"
    )
    return sorted({each["domain"] for each in found})


def test_a_certificate_without_its_key_is_refused() -> None:
    pair = {"certificate": "/a.pem", "key": "/a.key"}
    assert refused(domain("a.org", **pair)) == []
    for each in pair:
        assert refused(domain("a.org", **{each: "/a"})) == ["a.org"]


def domain(name: str, account: str = "alice", **service: str) -> dict[str, str]:
    """An entry of frontend_domains."""
    return {"domain": name, "account": account, **service}


def test_domains_of_accounts_and_services_are_taken() -> None:
    assert refused() == []
    assert refused(domain("a.org"), domain("b.a.org", service="x-y"), domain("localhost")) == []


@pytest.mark.parametrize(
    "name", ["", "A.org", "a b", "-a.org", "a-.org", "a..org", ".a", "a.", "*.org", "a\n", "a:80"]
)
def test_what_is_no_name_of_a_host_is_refused(name: str) -> None:
    assert refused(domain("good.org"), domain(name)) == [name]


@pytest.mark.parametrize("name", ["pages.example.org", "www.example.org"])
def test_a_name_of_the_public_pages_is_refused(name: str) -> None:
    assert refused(domain("good.org"), domain(name)) == [name]


def test_a_name_that_is_there_twice_is_refused() -> None:
    assert refused(domain("a.org"), domain("b.org"), domain("a.org", "bob")) == ["a.org"]


@pytest.mark.parametrize("account", ["", "al ice", "1x", "a/b", "alice\n", "x" * 33, "a,E=b"])
def test_what_is_no_account_is_refused(account: str) -> None:
    assert refused(domain("a.org", account)) == ["a.org"]


@pytest.mark.parametrize("service", ["", "log", "a--b", "A", "a-", "a]", "a,E=b", "x" * 33, "a\n"])
def test_what_is_no_service_is_refused(service: str) -> None:
    assert refused(domain("a.org", service=service)) == ["a.org"]

"""Which virtual host sends requests to which services."""

from __future__ import annotations

import pytest

from sciportal.frontend.hosts import Host, parse
from sciportal.frontend.routes import Route

ROUTES = [
    Route("alice", service, access, "http", "node1", 9000 + number, 0)
    for number, (service, access) in enumerate(
        [("apache", "public"), ("app", "users"), ("own", "owner"), ("web", "public")]
    )
]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("_public=public", ["apache", "web"]),
        ("_services=users,owner", ["app", "own"]),
        ("www.example.net=alice:apache", ["apache"]),
        # Elsewhere than at its own host nobody gets there.
        ("www.example.net=alice:own", []),
        ("www.example.net=bob:apache", []),
    ],
)
def test_a_host_has_the_services_that_it_leads_to(word: str, found: list[str]) -> None:
    assert [route.service for route in parse(word).routes(ROUTES)] == found


def test_the_name_is_that_of_the_file() -> None:
    assert parse("_public=public") == Host("_public", frozenset({"public"}))
    assert parse("a.test=al:web").name == "a.test"


@pytest.mark.parametrize(
    "word",
    [
        *("", "_public", "_public=", "_public=all", "_public=public,", "public=public"),
        *("../x=public", "_../x=public", "a.test=public", "a.test=alice", "a.test=alice:log"),
        *("_public=alice:web", "../x=alice:web", "a.test=-x:web", 'a"b=alice:web', "_a\n=public"),
    ],
)
def test_anything_else_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(word or " ")

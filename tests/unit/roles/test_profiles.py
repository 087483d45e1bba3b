"""The role apparmor refuses profiles that it could not write as they are given."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.template import Templar

from golden.render import _loader, _yaml
from unit.roles.test_variables import ROLES

JOB = {"kind": "job", "program": "/opt/w", "environment": "/opt/venv", "work": "/srv/jobs"}


def resolved(name: str, *roles: str, **given: Any) -> list[Any]:
    """A variable of the role, as a play has it that gives these values."""
    variables: dict[str, Any] = {}
    for role in ("apparmor", *roles):
        for part in ("defaults", "vars"):
            variables |= _yaml(ROLES / role / part / "main.yml")
    templar = Templar(loader=_loader, variables=variables | given)
    found: list[Any] = templar.resolve_variable_expression(name)
    return list(found)


def refused(kind: str, *profiles: dict[str, Any]) -> list[str]:
    """What is refused."""
    named = [{"name": f"p{at}", **each} for at, each in enumerate(profiles)]
    return resolved(f"__apparmor_{kind}", apparmor_profiles=named)


KINDS = ("wrong_names", "incomplete", "wrong_paths", "wrong_words", "wrong_rules")


def test_good_profiles_are_taken() -> None:
    rules = ["/{usr/,}bin/dash cx -> model", "owner @{HOME}/x rw,", "deny network inet,"]
    good = [
        {**JOB, "rules": rules, "job_rules": rules, "abstractions": ["ubuntu-browsers.d/java"]},
        {"kind": "uwsgi", "home": "/home/p", "application": "p", "unit": "app@p.service"},
        {"program": "/opt/{a,b}/**", "read": ["/srv/data/"], "write": ["@{HOME}/.cache"]},
        {"children": [{"name": "model", "abstractions": ["base"], "rules": rules}]},
        {"state": "absent"},
    ]
    assert [refused(kind, *good) for kind in KINDS] == [[]] * len(KINDS)


def test_those_of_the_portal_are_taken() -> None:
    profiles = resolved("__job_portal_profiles", "job_portal")
    names = [each["name"] for each in profiles]
    assert names == ["sciportal-portal", "sciportal-keeper", "sciportal-listener"]
    assert [refused(kind, *profiles) for kind in KINDS] == [[]] * len(KINDS)


@pytest.mark.parametrize("name", ["", "A", "1a", "a b", "a//b", "../a", "a\n", "a{b}", "x" * 65])
def test_what_is_no_name_is_refused(name: str) -> None:
    assert refused("wrong_names", {"name": name}) == [name]


@pytest.mark.parametrize("key", ["program", "environment", "work"])
def test_a_job_needs_its_paths(key: str) -> None:
    assert refused("incomplete", JOB, {**JOB, key: ""}) == ["p1"]


@pytest.mark.parametrize("key", ["home", "application"])
def test_an_application_needs_its_paths(key: str) -> None:
    whole = {"kind": "uwsgi", "home": "/home/p", "application": "p"}
    assert refused("incomplete", whole, {**whole, key: ""}) == ["p1"]


@pytest.mark.parametrize("key", ["program", "environment", "work", "home", "read", "write"])
@pytest.mark.parametrize(
    "path", ["relative", "/a b", "/a rw, /b", "/a,", '/a"', "/a\nx", "/a\n", "/a#"]
)
def test_what_is_no_path_is_refused(key: str, path: str) -> None:
    value = [path] if key in ("read", "write") else path
    assert refused("wrong_paths", {key: value}) == [path]


@pytest.mark.parametrize("word", ["a b", "a>", "../a", "a\nb", "a\n"])
def test_what_is_no_name_of_something_else_is_refused(word: str) -> None:
    for entry in (
        {"abstractions": [word]},
        {"job_abstractions": [word]},
        {"unit": word},
        {"children": [{"name": word}]},
        {"children": [{"name": "a", "abstractions": [word]}]},
    ):
        assert refused("wrong_words", entry) == [word]


@pytest.mark.parametrize(
    "rule", ["", "  ", "/a r,\n/b w", "}", "profile x {", "/a r, # and more", "/a r; /b w"]
)
def test_what_is_not_one_rule_is_refused(rule: str) -> None:
    for entry in (
        {"rules": [rule]},
        {"job_rules": [rule]},
        {"children": [{"name": "a", "rules": [rule]}]},
    ):
        assert refused("wrong_rules", entry) == [rule]

"""Rules for certificates: what is refused, and whom they know."""

from __future__ import annotations

from typing import Any

import pytest

from sciportal.identity import rules

PEOPLE: dict[str, Any] = {
    "name": "people",
    "match": [
        {"part": "O_0", "pattern": "Example"},
        {"part": "CN_0", "pattern": r"(\S+) (.+)", "groups": ["first", "last"]},
        {"part": "CN_1", "pattern": "UID:([a-z][a-z0-9.-]*)", "groups": ["user"]},
    ],
    "email": "{user}@example.org",
}
SERVICE: dict[str, Any] = {
    "name": "service",
    "match": [{"part": "DN", "pattern": "CN=poms/host[.]example[.]org,O=Example"}],
    "user": "poms",
}


def said(**changed: Any) -> str:
    """What is wrong with a rule that has one thing changed."""
    return " | ".join(map(str, rules.problems(rules.rules([{**SERVICE, **changed}]))))


def match(pattern: str, *groups: str, part: str = "CN_1") -> dict[str, Any]:
    """A part of a rule that finds the user by a pattern."""
    return {
        "match": [{"part": part, "pattern": pattern, "groups": list(groups) or ["user"]}],
        "user": "",
    }


def test_good_rules_are_taken() -> None:
    assert rules.problems(rules.rules([PEOPLE, SERVICE])) == []
    assert said(**match("UID:([a-z]+)")) == ""
    assert said(**match("(?i)uid:([a-z]+)")) == ""


def test_no_rule_at_all_is_refused() -> None:
    assert "there is none" in str(rules.problems([])[0])


@pytest.mark.parametrize(
    "pattern",
    [
        "UID:([a-z]+",
        "([a-z]+))|(x",
        "*",
        "(?P<x>",
        r"\Qa\E",
        r"a\K",
        "(*ACCEPT)",
        "[[:alpha:]]",
        "\\",
    ],
)
def test_what_is_no_regular_expression_is_refused(pattern: str) -> None:
    assert "is no regular expression" in said(**match(pattern))


@pytest.mark.parametrize(
    "pattern", ["(.*)", "(.+)", "(?s:(.*))", "([^|]*)", "(.*?)|y", "([\\s\\S]+)"]
)
def test_what_matches_everything_is_refused(pattern: str) -> None:
    assert "match everything" in said(**match(pattern))


def test_what_matches_everything_is_fine_beside_what_does_not() -> None:
    one = match("(.+)")["match"] + [{"part": "O_0", "pattern": "Example"}]
    assert said(match=one, user="") == ""


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (match("a\n(b)"), "cannot be seen"),
        (match("(?x)UID:(a) # c"), "hide the end"),
        (match("${HOME}(a)"), "for a variable"),
        (match("UID:(a)", part="CN"), "'CN' is no part"),
        (match("UID:(a)", part="CN_0}\n"), "is no part"),
        (match("UID:(a)(b)"), "has 2 groups, of which 1 are named"),
        (match("UID:a"), "has 0 groups"),
        (match("(a)" * 10, *["first"] * 10), "at most 9"),
        (match("UID:(a)", "uid"), "'uid' is nothing to know"),
        (match("(a)(b)", "user", "user"), "says twice what 'user' is"),
        ({**match("UID:(a)"), "user": "poms"}, "says twice what 'user' is"),
        ({"user": ""}, "does not say who the user is"),
        ({"user": "no user"}, "'no user' is no name"),
        ({"match": []}, "says nothing of the certificate"),
        ({"name": "a\nSetEnv X"}, "is no line of text"),
        ({"email": "{first}@x"}, "needs {first}, which no group is"),
        ({"last": 'x",E=SCIPORTAL_user:root'}, "use no brackets"),
        ({"last": "%{HTTP:X}"}, "use no brackets"),
    ],
)
def test_what_apache_would_take_otherwise_is_refused(changed: dict[str, Any], found: str) -> None:
    assert found in said(**changed)


def test_the_first_rule_that_fits_decides() -> None:
    given = rules.rules([PEOPLE, SERVICE])
    jane = {"O_0": "Example", "CN_0": "Jane van Doe", "CN_1": "UID:jdoe"}
    assert rules.person(given, jane) == {
        "user": "jdoe",
        "first": "Jane",
        "last": "van Doe",
        "email": "jdoe@example.org",
    }
    service = {"DN": "CN=poms/host.example.org,O=Example", "O_0": "Example"}
    assert rules.person(given, service) == {"user": "poms"}


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"O_0": "Example", "CN_0": "Evil/CN=UID:admin"},
        {"O_0": "Example", "CN_0": "Evil X", "CN_1": "xUID:admin"},
        {"O_0": "Example", "CN_0": "Evil X", "CN_1": "UID:admin\n"},
        {"O_0": "Example2", "CN_0": "Evil X", "CN_1": "UID:admin"},
        {"DN": "CN=poms/host.example.org,O=Example\n"},
        {"DN": "CN=x,CN=poms/host.example.org,O=Example"},
    ],
)
def test_whom_no_rule_fits_is_nobody(parts: dict[str, str]) -> None:
    assert rules.person(rules.rules([PEOPLE, SERVICE]), parts) is None


def test_what_is_no_name_of_a_user_is_nobody() -> None:
    loose = rules.rules([{"name": "loose", **match("UID:(.*)")}])
    assert rules.person(loose, {"CN_1": "UID:a b"}) is None
    assert rules.person(loose, {"CN_1": "UID:ab"}) == {"user": "ab"}

"""Who the holder of a certificate is: an ordered list of rules, the first that fits decides.

Apache follows the rules (templates/apache/identity.conf.j2); here they are judged before it gets
them, and followed in the same way where no Apache is at hand.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sciportal.service.errors import ServiceError

FACTS = ("user", "first", "last", "email")

# Parts of a certificate as mod_ssl names them: SSL_CLIENT_S_DN_CN_0 is the first CN of the subject
# in the order of the certificate. DN and ISSUER are whole names as RFC 2253 writes them.
_PART = re.compile(r"(?:DN|ISSUER|(?:CN|OU|O|DC|UID|C|L|ST|Email)_[0-9]|SAN_(?:Email|DNS)_[0-9])")
# What no name of a person, a service or a directory has in common with another.
_STRANGERS = ("x", "7", "Zq-9 _", "UID:stranger", "CN=Evil Person,OU=Nowhere,O=Nobody", "Jos\u00e9")
# A value goes into a flag of a RewriteRule, where these would end it or mean something.
_UNFIT = re.compile(r'[\x00-\x1f\x7f,"\\%$\[\]{}]')
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_MOST_GROUPS = 9


class Match(NamedTuple):
    """One part of a certificate, and what it has to be from its first to its last character."""

    part: str
    pattern: str
    groups: tuple[str, ...]
    """The facts that the groups of the pattern are, in their order."""


class Rule(NamedTuple):
    """What a certificate has to be, and what is known of its holder then."""

    name: str
    match: tuple[Match, ...]
    values: dict[str, str]
    """Facts that the rule says by itself; `{user}` in one is the fact of that name."""


def rules(data: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """The rules as the role's variable has them (its specification has checked the types)."""
    return [
        Rule(
            str(each["name"]),
            tuple(
                Match(str(one["part"]), str(one["pattern"]), tuple(one.get("groups") or ()))
                for one in each["match"]
            ),
            {fact: str(each[fact]) for fact in FACTS if each.get(fact)},
        )
        for each in data
    ]


def problems(given: Sequence[Rule]) -> list[ServiceError]:
    """What is wrong with the rules; nothing if Apache may have them."""
    if not given:
        return [
            ServiceError(
                "rules for certificates",
                "there is none, so nobody would be let in",
                "give at least one in identity_rules",
            )
        ]
    return [
        ServiceError(f"the rule for certificates '{rule.name}'", found, advice)
        for rule in given
        for found, advice in _of_rule(rule)
    ]


def person(given: Sequence[Rule], parts: Mapping[str, str]) -> dict[str, str] | None:
    """What is known of the holder of a certificate.

    Args:
        given: the rules.
        parts: the parts of the certificate by their names; one that it lacks is empty.

    Returns:
        The facts that are known; None where no rule fits, or what it finds is no name of a user.
    """
    for rule in given:
        found = [re.fullmatch(one.pattern, parts.get(one.part, "")) for one in rule.match]
        if not all(found):
            continue
        facts = {
            fact: value or ""
            for one, match in zip(rule.match, found, strict=True)
            if match
            for fact, value in zip(one.groups, match.groups(), strict=True)
        }
        for fact, text in rule.values.items():
            facts[fact] = re.sub(r"\{(\w+)\}", lambda name: facts[name[1]], text)  # noqa: B023
        if not _USER.fullmatch(facts["user"]):
            return None
        return {fact: value for fact, value in facts.items() if value}
    return None


def _of_rule(rule: Rule) -> list[tuple[str, str]]:
    found = [each for one in rule.match for each in _of_match(one)]
    captured = [fact for one in rule.match for fact in one.groups]
    known = [*captured, *rule.values]
    if not rule.name.isprintable() or not rule.name:
        found.append(("its name is no line of text", "give it one"))
    if not rule.match:
        found.append(
            ("it says nothing of the certificate", "give at least one part with a pattern")
        )
    found += [
        (f"it says twice what '{fact}' is", "leave one of them out")
        for fact in sorted({fact for fact in known if known.count(fact) > 1})
    ]
    if "user" not in known:
        found.append(("it does not say who the user is", "name a group 'user', or give the value"))
    for fact, text in rule.values.items():
        found += _of_value(fact, text, captured)
    if not found and all(_fits_all(one.pattern) for one in rule.match):
        found.append(
            ("its patterns match everything", "name what only these certificates have in common")
        )
    return found


def _of_match(one: Match) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if not _PART.fullmatch(one.part):
        found.append(
            (
                f"'{one.part}' is no part of a certificate",
                "use DN, ISSUER, or one of the subject such as CN_0, counted from 0",
            )
        )
    problem, groups = _compiled(one.pattern)
    if problem:
        found.append((f"'{one.pattern}' {problem}", "write it as a regular expression"))
    elif groups != len(one.groups):
        found.append(
            (
                f"'{one.pattern}' has {groups} groups, of which {len(one.groups)} are named",
                "name each in 'groups', or write (?:...)",
            )
        )
    elif groups > _MOST_GROUPS:
        found.append((f"'{one.pattern}' has {groups} groups", f"use at most {_MOST_GROUPS}"))
    found += [
        (f"'{fact}' is nothing to know of a person", f"use {', '.join(FACTS)}")
        for fact in one.groups
        if fact not in FACTS
    ]
    return found


def _compiled(pattern: str) -> tuple[str, int]:
    """What is wrong with a pattern, and how many groups it has.

    Apache's dialect is another one; what both know means the same, and Apache's own test of its
    configuration finds what only this one knows.
    """
    if not pattern.isprintable():
        return "has characters that cannot be seen", 0
    if "${" in pattern:
        return "has '${', which Apache would take for a variable", 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled = re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        return f"is no regular expression ({error})", 0
    if compiled.flags & re.VERBOSE:
        return "has (?x), in which a comment would hide the end", 0
    return "", compiled.groups


def _fits_all(pattern: str) -> bool:
    return all(re.fullmatch(pattern, stranger) for stranger in _STRANGERS)


def _of_value(fact: str, text: str, captured: Sequence[str]) -> list[tuple[str, str]]:
    found = [
        (f"'{fact}' needs {{{name}}}, which no group is", "name a group so")
        for name in re.findall(r"\{(\w+)\}", text)
        if name not in captured
    ]
    plain = re.sub(r"\{\w+\}", "", text)
    if _UNFIT.search(plain):
        found.append(
            (f"'{fact}' is '{text}'", "use no brackets, quotes, commas, %, $ or backslashes")
        )
    elif fact == "user" and plain == text and not _USER.fullmatch(text):
        found.append((f"'{text}' is no name of a user", "use letters, digits and . _ @ + -"))
    return found

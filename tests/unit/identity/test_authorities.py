"""Authorities and their lists: which are kept, and what is said."""

from __future__ import annotations

import datetime

from sciportal.identity import authorities
from sciportal.identity.authorities import Authority, Revocations

NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
A = Authority("A", "CN=A", NOW + DAY, signs=True)
B = Authority("B", "CN=B", NOW + DAY, signs=True)
LIST_A = Revocations("LA", "CN=A", NOW - DAY, NOW + DAY, signed=True)
LIST_B = LIST_A._replace(pem="LB", issuer="CN=B")


def said(given: list[Authority], lists: list[Revocations], revocation: bool = True) -> str:
    """What is wrong."""
    found = authorities.problems(given, lists, NOW, place="/ca", revocation=revocation)
    return " | ".join(map(str, found))


def test_authorities_with_lists_are_good() -> None:
    assert said([A, B], [LIST_A, LIST_B]) == ""
    assert said([A, B], [], revocation=False) == ""


def test_only_those_that_sign_are_kept_and_each_once() -> None:
    leaf = A._replace(pem="L", signs=False)
    assert authorities.trusted([B, leaf, A, A]) == [A, B]
    assert "/ca has no certificate of one" in said([leaf], [])


def test_the_newest_signed_list_is_kept() -> None:
    old = LIST_A._replace(pem="old", made=NOW - 2 * DAY)
    forged = LIST_A._replace(pem="forged", made=NOW, signed=False)
    stranger = LIST_A._replace(pem="stranger", issuer="CN=X")
    for lists in ([LIST_A, old, forged, stranger], [stranger, forged, old, LIST_A]):
        assert authorities.newest(lists, [A]) == [LIST_A]


def test_of_two_lists_of_one_second_the_number_tells_and_then_what_is_there() -> None:
    later = LIST_A._replace(pem="later", number=2)
    for lists in ([LIST_A, later], [later, LIST_A]):
        assert authorities.newest(lists, [A]) == [later]
    assert authorities.newest([LIST_A, LIST_A._replace(pem="same")], [A]) == [LIST_A]


def test_what_keeps_all_out_is_said() -> None:
    assert "revoked: there is none, so all would be refused" in said([A], [])
    assert "the list of what CN=B revoked: there is none" in said([A, B], [LIST_A])
    assert "it expired at 2029-12-31" in said([A], [LIST_A._replace(expires=NOW - DAY)])
    assert "it holds from 2030-01-02 00:00 UTC on only" in said(
        [A], [LIST_A._replace(made=NOW + DAY)]
    )
    assert "its certificate expired at" in said([A._replace(expires=NOW)], [LIST_A])


def test_a_list_that_somebody_else_signed_is_said_once() -> None:
    found = said([A], [LIST_A._replace(signed=False, source="/ca/x")])
    assert "/ca/x is not signed by that authority" in found
    assert "there is none" not in found


def test_a_list_without_an_end_is_good() -> None:
    assert said([A], [LIST_A._replace(expires=None)]) == ""

"""Programs come to applications behind the doors with tokens that people made there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from identity.authority import PORTAL
from identity.site import CERTIFICATES, Site, Visitor

PATHS = ["/plain", "/app", "/staff", "/open"]
URL = f"https://{PORTAL}"
PAGE = "/.sciportal/tokens"


def make(maker: Visitor, door: str = URL) -> str:
    """A new token of somebody who is signed in, as the header that shows it."""
    answer = maker.ask(f"{door}{PAGE}", form={"label": "a program", "days": "1"})
    found = re.search(r"sciportal_[0-9a-f]{64}", answer.text)
    assert found, answer
    revoke = re.findall(r'name="revoke" value="(\w+)"', answer.text)
    # An account has few.
    for each in revoke[:-10]:
        maker.ask(f"{door}{PAGE}", form={"revoke": each})
    return f"Authorization: Bearer {found[0]}"


@pytest.fixture
def mine(signed_in: Visitor) -> str:
    """A token of jdoe, who signed in."""
    return make(signed_in)


@pytest.mark.parametrize("path", PATHS)
def test_an_application_is_told_the_same_as_by_the_door(
    site: Site, visitor: Visitor, signed_in: Visitor, mine: str, jane: tuple[Path, Path], path: str
) -> None:
    by_door = signed_in.ask(URL + path).identity
    with_certificate = Visitor(site, jane)
    theirs = make(with_certificate, f"{URL}:{CERTIFICATES}")
    for token in (mine, theirs):
        for who, door in ((visitor, URL), (with_certificate, f"{URL}:{CERTIFICATES}")):
            answer = who.ask(door + path, token, follow=False)
            assert answer.identity == by_door | {"x-identity-source": "token"}
            assert token[-40:] not in answer.text
            assert "set-cookie" not in answer.headers


def test_values_keep_their_letters(visitor: Visitor, site: Site) -> None:
    by_door = visitor.sign_in("multi").identity
    seen = Visitor(site).ask(f"{URL}/plain", make(visitor)).identity
    assert seen == by_door | {"x-identity-source": "token"}


def test_a_token_of_somebody_else_is_refused_and_sent_nowhere(
    visitor: Visitor, site: Site, jane: tuple[Path, Path]
) -> None:
    visitor.sign_in("asmith")
    token = make(visitor)
    for who, door in ((Visitor(site), URL), (Visitor(site, jane), f"{URL}:{CERTIFICATES}")):
        assert who.ask(f"{door}/plain", token).identity["x-shib-userid"] == "asmith"
        answer = who.ask(f"{door}/staff", token, follow=False)
        assert answer.status == 403
        assert "Not for you" in answer.text


@pytest.mark.parametrize("path", PATHS)
def test_a_bad_token_is_refused_whatever_comes_beside_it(
    site: Site, signed_in: Visitor, mine: str, jane: tuple[Path, Path], path: str
) -> None:
    for bad in (f"{mine}0", mine[:-1], mine.replace("Bearer", "Basic")):
        for who, door in ((signed_in, URL), (Visitor(site, jane), f"{URL}:{CERTIFICATES}")):
            answer = who.ask(door + path, bad, follow=False)
            assert answer.status == 401
            assert answer.headers["www-authenticate"].startswith(f'Bearer realm="{PORTAL}"')
            assert "This token is not good" in answer.text


def test_the_token_counts_and_not_the_session(
    visitor: Visitor, mine: str, jane: tuple[Path, Path], site: Site
) -> None:
    assert visitor.sign_in("asmith").identity["x-shib-userid"] == "asmith"
    for path in PATHS:
        answer = visitor.ask(URL + path, mine)
        assert answer.identity["x-shib-userid"] == "jdoe"
        assert answer.identity["x-identity-source"] == "token"
    assert visitor.ask(f"{URL}/plain").identity["x-shib-userid"] == "asmith"


def test_another_authorization_is_the_applications(signed_in: Visitor) -> None:
    for path in ("/plain", "/app"):
        answer = signed_in.ask(URL + path, "Authorization: Bearer of-the-application")
        assert "of-the-application" in answer.text


def test_who_is_nobody_here_makes_none(visitor: Visitor) -> None:
    visitor.sign_in("odd")
    answer = visitor.ask(URL + PAGE, form={"label": "x", "days": "1"})
    assert answer.status == 403
    assert "You have no account here" in answer.text


def test_only_who_is_signed_in_sees_the_page(visitor: Visitor, mine: str) -> None:
    assert visitor.ask(URL + PAGE, follow=False).status == 302
    assert visitor.ask(URL + PAGE, mine, follow=False).status == 401
    assert visitor.ask(URL + PAGE, "X-Shib-Userid: jdoe", follow=False).status == 302
    for other in (f"{PAGE}.html", f"{PAGE}/x", "/.sciportal/token-refused.html"):
        assert visitor.ask(URL + other, follow=False).status in (302, 403, 404), other

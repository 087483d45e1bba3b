"""Programs visit services with tokens that people made by either door."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator

import pytest

from cluster.browser import Chromium
from cluster.doors import (
    CERTIFICATES,
    DOMAIN,
    DOORS,
    GUEST,
    MINE,
    OURS,
    PORTAL,
    SERVICES,
    SIGN_IN,
    WIRE,
    Doors,
    Person,
    services,
)
from cluster.testbed import WEB, Cluster, wait_for
from identity.site import Answer
from identity.test_spoofing import strangers, variants

COMMAND = "/opt/sciportal/bin/sciportal-identity"
TOKENS = "/var/lib/sciportal-access/tokens"
MAP = "/etc/apache2/sciportal/accounts.map"
PAGES = {
    "shibboleth": f"{PORTAL}/.sciportal/tokens",
    "certificate": f"https://portal.{DOMAIN}:{CERTIFICATES}/.sciportal/tokens",
}
START = {
    "guest": f"{PORTAL}/Shibboleth.sso/Login?entityID={GUEST}/idp&target={PAGES['shibboleth']}"
}
BOTH_DOORS = pytest.mark.parametrize("door", list(DOORS))


@pytest.fixture(scope="module")
def doors(cluster: Cluster) -> Iterator[Doors]:
    """The doors, behind which bob has services."""
    with services(cluster) as made:
        yield made
    for user in ("alice", "bob"):
        cluster.run(WEB, [COMMAND, "revoke", "--account", user])


class Maker:
    """Somebody on the page of tokens.

    Args:
        doors: where.
        door: by which; `guest` is the first with another provider.
        user: who.
    """

    def __init__(self, doors: Doors, door: str, user: str) -> None:
        self.page = PAGES.get(door, PAGES["shibboleth"])
        if door == "certificate":
            self.person = Person(doors, door, user)
        else:
            self.person = Person(doors, "shibboleth", None)
            self.person.visitor.sign_in(user, START.get(door, self.page))

    def ask(self, *headers: str, **form: str) -> Answer:
        """The page, or what comes of a form."""
        return self.person.visitor.ask(self.page, *headers, form=form or None)

    def make(self, label: str = "nightly") -> str:
        """A new token, as the header that shows it."""
        answer = self.ask(label=label, days="1")
        found = re.search(r"sciportal_[0-9a-f]{64}", answer.text)
        assert found, answer
        return f"Authorization: Bearer {found[0]}"


@pytest.fixture(scope="module")
def makers(doors: Doors) -> dict[tuple[str, str], Maker]:
    """alice and bob on both doors."""
    return {(door, user): Maker(doors, door, user) for door in DOORS for user in ("alice", "bob")}


@pytest.fixture(scope="module")
def shown(makers: dict[tuple[str, str], Maker]) -> dict[tuple[str, str], str]:
    """A token of each, as the header that shows it."""
    return {who: maker.make() for who, maker in makers.items()}


@pytest.fixture
def program(doors: Doors) -> Person:
    """Nobody whom a door knows."""
    return Person(doors, "shibboleth", None)


def known(answer: Answer) -> dict[str, str]:
    """What a service was told of its visitor."""
    seen = dict(answer.echo["headers"])
    return {name: value for name, value in seen.items() if name.startswith(("x-shib", "x-ident"))}


def refused(answer: Answer) -> str:
    """Why a token was refused."""
    assert answer.status == 401
    assert "This token is not good" in answer.text
    return answer.headers["www-authenticate"]


@BOTH_DOORS
def test_a_service_is_told_the_same_as_by_the_door(
    makers: dict[tuple[str, str], Maker],
    shown: dict[tuple[str, str], str],
    program: Person,
    door: str,
) -> None:
    for user in ("alice", "bob"):
        answer = program.ask(OURS, "/who", shown[door, user], follow=False)
        by_door = known(makers[door, user].person.ask(OURS, "/who"))
        assert by_door["x-identity-source"] == door
        assert known(answer) == by_door | {"x-identity-source": "token"}
        assert len(known(answer)) == 5
        assert "set-cookie" not in answer.headers


@BOTH_DOORS
@pytest.mark.parametrize("service", [MINE, WIRE])
def test_a_service_of_an_owner_is_for_the_owners_programs(
    shown: dict[tuple[str, str], str], program: Person, door: str, service: str
) -> None:
    assert program.ask(service, "/", shown[door, "bob"], follow=False).status == 200
    answer = program.ask(service, "/", shown[door, "alice"], follow=False)
    assert answer.status == 403
    assert "Only for its owner" in answer.text


def test_on_the_port_for_certificates_the_token_counts(
    shown: dict[tuple[str, str], str], doors: Doors
) -> None:
    alice = Person(doors, "certificate", "alice")
    assert alice.ask(MINE, "/", shown["shibboleth", "bob"]).status == 200
    facts = known(alice.ask(OURS, "/", shown["shibboleth", "bob"]))
    assert (facts["x-shib-userid"], facts["x-identity-source"]) == ("bob", "token")
    refused(alice.ask(OURS, "/", "Authorization: Bearer sciportal_x"))


def test_no_service_sees_a_token(
    cluster: Cluster, shown: dict[tuple[str, str], str], program: Person, echo: str
) -> None:
    mine = shown["shibboleth", "bob"]
    secret = mine.rpartition("_")[2]
    for service in (OURS, WIRE):
        answer = program.ask(service, "/", mine)
        assert answer.status == 200
        assert secret not in answer.text
        assert "authorization" not in answer.text.lower()
    # Where nobody is asked for one it does not arrive, either.
    for said in (mine.partition(": ")[2], f"Token {secret}, bearer SCIPORTAL_{secret}"):
        page = cluster.get(f"{echo}/", {"Authorization": said})
        assert page.status == 200
        assert secret not in page.text


@pytest.mark.parametrize("service", [OURS, WIRE])
def test_the_services_own_authorization_arrives(
    makers: dict[tuple[str, str], Maker], service: str
) -> None:
    bob = makers["certificate", "bob"].person
    for said in ("Basic eDp5", "Bearer of-the-service"):
        assert said in bob.ask(service, "/", f"Authorization: {said}").text


def test_nobody_says_beside_a_token_who_they_are(
    shown: dict[tuple[str, str], str], program: Person
) -> None:
    mine, names = shown["shibboleth", "alice"], variants()
    assert len(names) >= 200
    for start in range(0, len(names), 40):
        forged = [f"{name}: bob" for name in names[start : start + 40]]
        answer = program.ask(OURS, "/", *forged, mine)
        assert known(answer)["x-shib-userid"] == "alice"
        assert "bob" not in known(answer).values()
    for name in strangers()[::9]:
        assert program.ask(OURS, "/", f"{name}: bob", mine, "X-Shib-Zz:").status == 400, name


def test_what_is_no_good_token_is_refused_beside_whatever_session(
    makers: dict[tuple[str, str], Maker], shown: dict[tuple[str, str], str]
) -> None:
    bob = makers["shibboleth", "bob"].person
    assert bob.ask(MINE).status == 200
    good = shown["shibboleth", "bob"]
    for said in (good[:-1], f"{good}0", good.replace("Bearer", "Token"), f"{good[:-3]}000"):
        assert "none of this site" in refused(bob.ask(MINE, "/", said, follow=False)), said
    assert bob.ask(MINE, "/", good, "Authorization: Basic eDp5").status == 401
    assert bob.ask(MINE, "/", good).status == 200


def test_in_an_address_or_a_cookie_a_token_is_nothing(
    shown: dict[tuple[str, str], str], program: Person
) -> None:
    token = shown["shibboleth", "bob"].rpartition(" ")[2]
    assert program.ask(MINE, f"/?access_token={token}", follow=False).status == 302
    secret = token.removeprefix("sciportal_")
    for cookie in (f"__Host-sciportal={secret}", f"access_token={token}"):
        assert program.ask(MINE, "/", f"Cookie: {cookie}", follow=False).status == 302
    basic = base64.b64encode(f"bob:{token}".encode()).decode()
    assert program.ask(MINE, "/", f"Authorization: Basic {basic}", follow=False).status == 302


def test_a_websocket_opens_with_a_token(shown: dict[tuple[str, str], str], program: Person) -> None:
    bob, alice = shown["certificate", "bob"], shown["certificate", "alice"]
    elsewhere = f"https://x--alice.{SERVICES}:{SIGN_IN}"
    assert program.handshake(MINE, "", bob) == 101
    assert program.handshake(MINE, None, bob) == 101
    assert program.handshake(MINE, elsewhere, bob) == 403
    assert program.handshake(MINE, "", alice) == 403
    assert program.handshake(MINE, "", f"{bob}0") == 401
    assert program.handshake(MINE, "", "Authorization: Basic eDp5") == 403


def test_pages_of_other_origins_do_not_get_in_by_a_token(
    shown: dict[tuple[str, str], str], program: Person
) -> None:
    for header in ("Origin: https://evil.test", "Sec-Fetch-Site: same-site"):
        assert program.ask(MINE, "/", shown["shibboleth", "bob"], header).status == 403


@BOTH_DOORS
def test_a_revoked_token_is_good_for_nothing(
    makers: dict[tuple[str, str], Maker], program: Person, door: str
) -> None:
    maker = makers[door, "bob"]
    mine = maker.make("to be revoked")
    assert program.ask(MINE, "/", mine).status == 200
    # By the other door: it is the same account.
    other = makers[next(each for each in DOORS if each != door), "bob"]
    row = re.search(r"<td>to be revoked</td>.*?value=\"(\w+)\"", other.ask().text)
    assert row
    assert makers[door, "alice"].ask(revoke=row[1]).status == 200
    assert program.ask(MINE, "/", mine).status == 200
    other.ask(revoke=row[1])
    assert "was revoked" in refused(program.ask(MINE, "/", mine))
    assert "to be revoked" not in maker.ask().text


def test_a_token_expires(
    cluster: Cluster, makers: dict[tuple[str, str], Maker], program: Person
) -> None:
    mine = makers["shibboleth", "bob"].make("soon over")
    secret = mine.rpartition("_")[2]
    soon = ["sed", "-i", f"s/^till=.*/till={int(time.time()) + 3}/", f"{TOKENS}/{secret[:18]}"]
    assert program.ask(MINE, "/", mine).status == 200
    cluster.run(WEB, ["runuser", "-u", "www-data", "--", *soon])
    wait_for(lambda: program.ask(MINE, "/", mine).status == 401, 10)
    assert "it has expired" in refused(program.ask(MINE, "/", mine))


def lay_map(cluster: Cluster, text: str) -> None:
    """Replace the map of accounts, whole, as the role does."""
    script = f"cat >{MAP}.new && mv {MAP}.new {MAP} && apachectl graceful"
    cluster.run(WEB, ["sh", "-c", script], stdin=text)


def test_who_is_taken_off_the_map_has_no_tokens(
    cluster: Cluster, doors: Doors, program: Person
) -> None:
    here = cluster.run(WEB, ["cat", MAP]).out
    try:
        lay_map(cluster, f"{here.rstrip()}\n{GUEST}/idp\tbob\tbob\n")
        guest = Maker(doors, "guest", "bob")
        mine = wait_for(lambda: guest.ask().status == 200 and guest.make("a guest's"), 15)
        facts = known(program.ask(OURS, "/", mine))
        assert (facts["x-shib-userid"], facts["x-identity-source"]) == ("bob", "token")
        assert program.ask(MINE, "/", mine).status == 200
    finally:
        lay_map(cluster, here)
    wait_for(lambda: program.ask(OURS, "/", mine).status == 401, 15)
    assert "not known here any more" in refused(program.ask(OURS, "/", mine))
    assert "You have no account here" in guest.ask().text
    assert guest.ask(label="x", days="1").status == 403


@BOTH_DOORS
def test_a_token_signs_nobody_in_and_makes_no_tokens(
    makers: dict[tuple[str, str], Maker], shown: dict[tuple[str, str], str], door: str
) -> None:
    person, mine = makers[door, "alice"].person, shown["shibboleth", "bob"]
    for form in (None, {"label": "more", "days": "1"}):
        answer = person.visitor.ask(PAGES[door], mine, form=form)
        assert "programs do not" in refused(answer)
    nobody = Person(person.doors, "shibboleth", None).visitor
    enter = f"{PORTAL}/.sciportal/enter?host={MINE}.{SERVICES}&begun={'0' * 64}&to=/"
    answer = nobody.ask(enter, mine, follow=False)
    refused(answer)
    assert not nobody.cookies[f"portal.{DOMAIN}"]


@BOTH_DOORS
def test_pages_of_others_make_no_token(
    makers: dict[tuple[str, str], Maker], doors: Doors, door: str
) -> None:
    maker = makers[door, "bob"]
    for header in (f"Origin: https://x--alice.{SERVICES}:{SIGN_IN}", "Sec-Fetch-Site: same-site"):
        assert maker.ask(header, label="planted", days="1").status == 403
    assert "planted" not in maker.ask().text
    nobody = Person(doors, "shibboleth", None)
    assert nobody.visitor.ask(PAGES["shibboleth"], follow=False).status == 302


def test_a_browser_makes_a_token(chromium: Chromium, doors: Doors, program: Person) -> None:
    with chromium.person() as page:
        page.goto(PAGES["shibboleth"])
        page.fill("input[name=username]", "bob")
        page.fill("input[name=password]", "secret")
        page.press("input[name=password]", "Enter")
        page.wait_for_url(PAGES["shibboleth"])
        page.fill("input[name=label]", "<b>from a browser</b>")
        page.click("text=Make a token")
        token = page.inner_text("#token")
        assert program.ask(MINE, "/", f"Authorization: Bearer {token}").status == 200
        page.goto(PAGES["shibboleth"])
        assert token not in page.content()
        row = page.locator("tr", has_text="<b>from a browser</b>")
        row.get_by_role("button").click()
        assert not page.locator("tr", has_text="from a browser").count()
    refused(program.ask(MINE, "/", f"Authorization: Bearer {token}"))


def test_operators_see_and_revoke(
    cluster: Cluster, makers: dict[tuple[str, str], Maker], program: Person
) -> None:
    first, second = (makers["certificate", "alice"].make(label) for label in ("one", "two"))
    listed = cluster.run(WEB, [COMMAND, "tokens", "--account", "alice"]).out
    assert len([line for line in listed.splitlines() if line.endswith(("  one", "  two"))]) == 2
    assert not re.search("[0-9a-f]{20}", listed)
    assert "  bob  " not in listed
    found = cluster.run(WEB, [COMMAND, "revoke", "--token"], stdin=first.rpartition(" ")[2])
    assert found.out.startswith("revoked: alice  ")
    assert [program.ask(OURS, "/", each).status for each in (first, second)] == [401, 200]
    wrong = cluster.run(WEB, [COMMAND, "revoke", "--token"], stdin="x", check=False)
    assert wrong.code == 2
    assert "; give all of it" in wrong.err
    denied = cluster.run(WEB, [COMMAND, "tokens"], user="alice", check=False)
    assert denied.code == 1
    assert "Traceback" not in denied.err


def test_who_signs_in_thousands_of_times_fills_no_disk(
    cluster: Cluster, makers: dict[tuple[str, str], Maker]
) -> None:
    visitor = makers["shibboleth", "alice"].person.visitor
    enter = f"{PORTAL}/.sciportal/enter?host={MINE}.{SERVICES}&begun={'0' * 64}&to=/"
    for _ in range(60):
        assert visitor.ask(enter, follow=False).status == 302
    argv = ["find", "/var/lib/sciportal-access/tickets", "-type", "f"]
    assert len(cluster.run(WEB, argv).out.split()) <= 4 * 32

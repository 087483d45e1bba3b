"""Services that are not for everybody: who is let in, by which door, and what they are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster.doors import (
    DOMAIN,
    DOORS,
    GUEST,
    IDP,
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
from cluster.testbed import ROOT, WEB, Cluster, Page, Service, wait_for
from cluster.visitor import ask, handshake
from identity.test_spoofing import strangers, variants

BOTH_DOORS = pytest.mark.parametrize("door", list(DOORS))


@pytest.fixture(scope="module")
def doors(cluster: Cluster) -> Iterator[Doors]:
    """The doors, behind which bob has services."""
    with services(cluster) as made:
        yield made


@pytest.fixture(scope="module")
def people(doors: Doors) -> dict[tuple[str, str], Person]:
    """alice and bob on both doors, signed in once for all tests."""
    return {(door, user): Person(doors, door, user) for door in DOORS for user in ("alice", "bob")}


def test_the_path_of_a_service_that_is_not_public_leads_to_its_own_host(
    cluster: Cluster, doors: Doors
) -> None:
    page = cluster.get("/~bob:mine/a%2Fb?c=d")
    assert page.status == 302
    assert page.headers["Location"] == f"https://{MINE}.{SERVICES}:{SIGN_IN}/a%2Fb?c=d"
    at_domain = cluster.get("/a%2Fb?c=d", {"Host": "mine.test"})
    assert (at_domain.status, at_domain.headers["Location"]) == (302, page.headers["Location"])


def test_without_hosts_of_services_they_are_shown_to_nobody(cluster: Cluster, doors: Doors) -> None:
    file = "/etc/apache2/sciportal/routing.conf"
    plain = (ROOT / "tests/golden/apache/routing.conf-default").read_text()
    here = cluster.run(WEB, ["cat", file]).out
    try:
        reload(cluster, file, plain)
        for name in ("mine", "ours"):
            page = wait_for(lambda path=f"/~bob:{name}/": refusal(cluster, path), 10)
            assert "no way to sign in" in page.text
            assert name in page.text
            assert handshake(cluster, f"/~bob:{name}/")[0] == 403
            assert ask(cluster, f"/~bob:{name}/x", method="POST").status == 403
    finally:
        reload(cluster, file, here)
    wait_for(lambda: cluster.get("/~bob:mine/").status == 302, 10)


def reload(cluster: Cluster, file: str, text: str) -> None:
    """Replace a file of Apache's configuration."""
    cluster.run(WEB, ["sh", "-c", 'cat >"$1"', "sh", file], stdin=text)
    cluster.run(WEB, ["apachectl", "graceful"])


def refusal(cluster: Cluster, path: str) -> Page | None:
    """The page that refuses, where one does."""
    page = cluster.get(path)
    return page if page.status == 403 else None


@pytest.mark.parametrize("service", [MINE, OURS])
def test_nobody_is_sent_to_sign_in(doors: Doors, service: str) -> None:
    nobody = Person(doors, "shibboleth", None)
    answer = nobody.ask(service, "/page", follow=False)
    assert answer.status == 302
    assert answer.headers["location"].startswith(f"{PORTAL}/.sciportal/enter?")
    answer = nobody.visitor.ask(answer.headers["location"], follow=False)
    assert answer.status == 302
    assert answer.headers["location"].startswith(f"{IDP}/")
    assert nobody.handshake(service) == 302


@BOTH_DOORS
def test_a_service_of_an_owner_is_for_its_owner(
    people: dict[tuple[str, str], Person], door: str
) -> None:
    bob, alice = people[door, "bob"], people[door, "alice"]
    answer = bob.ask(MINE)
    assert answer.status == 200
    assert answer.url == f"{bob.origin(MINE)}/"
    refused = alice.ask(MINE)
    assert refused.status == 403
    assert "Only for its owner" in refused.text
    assert [bob.handshake(MINE), alice.handshake(MINE)] == [101, 403]


@BOTH_DOORS
def test_a_service_for_users_is_told_who_they_are(
    people: dict[tuple[str, str], Person], door: str
) -> None:
    for user in ("alice", "bob"):
        seen = dict(people[door, user].ask(OURS, "/who?").echo["headers"])
        assert seen["x-shib-userid"] == user
        assert seen["x-shib-email"] == f"{user}@example.org"
        assert (seen["x-shib-name-first"], seen["x-shib-name-last"]) == (user.title(), "Example")
        assert seen["x-identity-source"] == door
        assert seen["x-forwarded-proto"] == "https"
        assert seen["x-forwarded-prefix"] == ""
        assert people[door, user].handshake(OURS) == 101


@BOTH_DOORS
def test_a_service_that_speaks_uwsgi_is_for_its_owner_too(
    people: dict[tuple[str, str], Person], door: str
) -> None:
    answer = people[door, "bob"].ask(WIRE, "/a/b?c", "X-Shib-Userid: alice")
    assert answer.status == 200
    assert answer.identity["x-shib-userid"] == "bob"
    assert answer.identity["x-identity-source"] == door
    seen = dict(answer.seen)
    assert (seen["PATH_INFO"], seen["QUERY_STRING"]) == ("/a/b", "c")
    assert "__Host-sciportal" not in answer.text
    assert people[door, "alice"].ask(WIRE).status == 403
    assert (
        Person(people[door, "bob"].doors, "shibboleth", None).ask(WIRE, follow=False).status == 302
    )


@BOTH_DOORS
def test_the_services_own_cookie_and_password_arrive_and_the_sites_do_not(
    people: dict[tuple[str, str], Person], door: str
) -> None:
    jar = people[door, "bob"]
    jar.ask(OURS)
    cookies = jar.visitor.cookies.setdefault(f"{OURS}.{SERVICES}", {})
    cookies |= {"mine": "1", "_shibsession_a": "x", "__Host-_shibsession_b": "y", "also": "2"}
    try:
        seen = dict(jar.ask(OURS, "/", "Authorization: Basic eDp5").echo["headers"])
    finally:
        for name in ("mine", "also", "_shibsession_a", "__Host-_shibsession_b"):
            del cookies[name]
    assert seen["cookie"] == "mine=1; also=2"
    assert seen["authorization"] == "Basic eDp5"


@BOTH_DOORS
def test_no_visitor_says_who_they_are(people: dict[tuple[str, str], Person], door: str) -> None:
    alice, names = people[door, "alice"], variants()
    assert len(names) >= 200
    for start in range(0, len(names), 40):
        answer = alice.ask(OURS, "/", *(f"{name}: bob" for name in names[start : start + 40]))
        seen = dict(answer.echo["headers"])
        assert seen["x-shib-userid"] == "alice"
        assert "bob" not in [value for name, value in seen.items() if name != "host"]
    for name in strangers()[::9]:
        answer = alice.ask(OURS, "/", f"{name}: bob", "X-Shib-Zz:", "Remote-Zz:")
        assert answer.status == 400, name


def test_another_providers_bob_is_not_bob(doors: Doors) -> None:
    def signed_in() -> Person | None:
        person = Person(doors, "shibboleth", None)
        target = f"entityID={GUEST}/idp&target={PORTAL}/Shibboleth.sso/Session"
        session = person.visitor.sign_in("bob", f"{PORTAL}/Shibboleth.sso/Login?{target}")
        return person if f"{GUEST}/idp" in session.text else None

    stranger = wait_for(signed_in, 5)
    answer = stranger.ask(OURS)
    assert answer.status == 200
    assert dict(answer.echo["headers"])["x-shib-userid"] == "bob"
    assert stranger.ask(MINE).status == 403


def test_a_session_is_of_one_host_and_of_the_cookie_with_the_prefix(
    people: dict[tuple[str, str], Person], doors: Doors
) -> None:
    bob = people["shibboleth", "bob"]
    assert bob.ask(MINE).status == 200
    value = bob.visitor.cookies[f"{MINE}.{SERVICES}"]["__Host-sciportal"]
    for service, cookie in ((OURS, "__Host-sciportal"), (MINE, "sciportal")):
        thief = Person(doors, "shibboleth", None)
        thief.visitor.cookies[f"{service}.{SERVICES}"] = {cookie: value}
        assert thief.ask(service, follow=False).status == 302
    # The door's own cookie counts only with the prefix, which no page of another host can set.
    jar = bob.visitor.cookies[f"portal.{DOMAIN}"]
    session = {name: each for name, each in jar.items() if name.startswith("__Host-_shibsession")}
    assert session
    thief = Person(doors, "shibboleth", None)
    thief.visitor.cookies[f"portal.{DOMAIN}"] = {
        name.removeprefix("__Host-"): each for name, each in session.items()
    }
    answer = thief.visitor.ask(f"{PORTAL}/.sciportal/enter?host={MINE}.{SERVICES}", follow=False)
    assert answer.status == 302
    assert answer.headers["location"].startswith(f"{IDP}/")


@pytest.mark.parametrize(
    "headers",
    [
        ("Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors"),
        ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"),
        (f"Origin: https://x--alice.{SERVICES}:{SIGN_IN}",),
        ("Origin: null",),
    ],
)
@BOTH_DOORS
def test_what_other_origins_ask_is_refused(
    people: dict[tuple[str, str], Person], door: str, headers: tuple[str, ...]
) -> None:
    answer = people[door, "bob"].ask(MINE, "/", *headers)
    assert answer.status == 403
    assert "Asked by another page" in answer.text


@BOTH_DOORS
def test_a_websocket_is_opened_by_the_services_own_pages_only(
    people: dict[tuple[str, str], Person], door: str
) -> None:
    bob = people[door, "bob"]
    for origin in ("", f"https://x--alice.{SERVICES}:{bob.port}", bob.origin(MINE)[:-5], "null"):
        assert bob.handshake(MINE, origin) == 403, origin


@BOTH_DOORS
def test_only_the_one_name_of_a_service_leads_to_it(
    people: dict[tuple[str, str], Person], door: str
) -> None:
    bob = people[door, "bob"]
    for name in ("mine--Bob-", "mine-bob", "mine--bob--x", "mine", "mine--u2002"):
        assert bob.visitor.ask(f"{bob.origin(name)}/").status in (404, 400), name
    assert "No such account" in bob.visitor.ask(f"{bob.origin('mine--nobody-here')}/").text
    assert bob.visitor.ask(f"{bob.origin('nothing--bob')}/").status == 503
    for path in ("/.sciportal/gone.html", "/.sciportal/enter/x", "/.sciportal/"):
        assert bob.visitor.ask(f"{bob.origin(MINE)}{path}").status == 404, path


@pytest.fixture
def public(doors: Doors, cluster: Cluster) -> Iterator[None]:
    """The service `ours` is for everybody."""
    ours = Service(cluster, "ours", "bob")
    ours.settings('access = "public"\n')
    ours("deploy", "--wait")
    wait_for(lambda: cluster.get("/~bob:ours/").status == 200, 5)
    yield
    ours.settings('access = "users"\n')
    ours("deploy", "--wait")
    wait_for(lambda: cluster.get("/~bob:ours/").status == 302, 5)


@pytest.mark.usefixtures("public")
def test_a_public_service_has_such_a_host_only_where_the_site_wants_it(
    cluster: Cluster, people: dict[tuple[str, str], Person]
) -> None:
    alice = people["certificate", "alice"]
    assert alice.ask(OURS).status == 404
    rules, gate = "/etc/apache2/sciportal/routing.conf", "/etc/apache2/sciportal/access.lua"
    here = {file: cluster.run(WEB, ["cat", file]).out for file in (rules, gate)}
    wanted = (ROOT / "tests/golden/apache/routing.conf-subdomains").read_text()
    wanted = wanted.replace("services.example.org", SERVICES).replace(":8443", f":{SIGN_IN}")
    try:
        cluster.run(WEB, ["sed", "-i", "s/^local EVERYBODY = false/local EVERYBODY = true/", gate])
        reload(cluster, rules, wanted)
        wait_for(lambda: cluster.get("/~bob:ours/x").status == 302, 10)
        place = cluster.get("/~bob:ours/x").headers["Location"]
        assert place == f"https://{OURS}.{SERVICES}:{SIGN_IN}/x"
        # By both doors, from wherever, and without being told who visits.
        for person in (Person(alice.doors, "shibboleth", None), alice):
            answer = person.ask(OURS, "/", "Origin: https://elsewhere.test")
            assert not [name for name, _ in answer.echo["headers"] if "shib" in name]
    finally:
        reload(cluster, gate, here[gate])
        reload(cluster, rules, here[rules])


def test_other_accounts_of_the_web_host_read_nothing_of_visitors(
    doors: Doors, cluster: Cluster
) -> None:
    for path in ("sessions", "tickets", "tokens"):
        argv = ["ls", f"/var/lib/sciportal-access/{path}"]
        assert cluster.run(WEB, argv, user="alice", check=False).code == 2


def test_a_ticket_is_good_once(people: dict[tuple[str, str], Person], doors: Doors) -> None:
    bob = people["shibboleth", "bob"]
    assert bob.ask(MINE).status == 200
    host = f"{MINE}.{SERVICES}"
    del bob.visitor.cookies[host]["__Host-sciportal"]
    to_door = bob.ask(MINE, follow=False).headers["location"]
    back = bob.visitor.ask(to_door, follow=False).headers["location"]
    thief = Person(doors, "shibboleth", None).visitor
    thief.cookies[host] = dict(bob.visitor.cookies[host])
    assert bob.visitor.ask(back).status == 200
    for visitor in (bob.visitor, thief):
        answer = visitor.ask(back)
        assert answer.status == 403
        assert "Sign in again" in answer.text

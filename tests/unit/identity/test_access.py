"""access.lua, run by the real Lua with a stand-in for Apache."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.identity import accounts
from sciportal.identity.accounts import Identity
from unit.identity.standin import HOST, PASSED, Apache, cookie, path_of
from unit.identity.test_accounts import AUTHORITY, GUEST, HOME, MAP

OWN = f"https://{HOST}:9443"
DOOR = "https://portal.example.org:9443"


def test_who_is_not_known_is_sent_to_the_door_and_back(apache: Apache) -> None:
    begun = apache.visit("/a%2Fb?c=d&e=%26")
    assert begun.returned == "302"
    assert begun.sent["Location"].startswith(f"{DOOR}/.sciportal/enter?")
    assert begun.asked["host"] == HOST
    back = apache.door(begun)
    assert back.returned == "302"
    assert back.sent["Location"].startswith(f"{OWN}/.sciportal/enter?ticket=")
    entered = apache.visit(path_of(back), Cookie=cookie(begun))
    assert (entered.returned, entered.sent["Location"]) == ("302", "/a%2Fb?c=d&e=%26")
    visited = apache.visit("/", Cookie=f"x=1; {cookie(entered)}; y=2")
    assert visited.returned == PASSED
    assert visited.env["SCIPORTAL_user"] == "bob"
    assert visited.env["SCIPORTAL_email"] == "bob@site.org"
    assert visited.env["SCIPORTAL_SOURCE"] == "shibboleth"
    assert "SCIPORTAL_first" not in visited.env or not visited.env["SCIPORTAL_first"]


def test_cookies_are_of_this_host_alone(apache: Apache) -> None:
    begun = apache.visit("/")
    entered = apache.visit(path_of(apache.door(begun)), Cookie=cookie(begun))
    for came in (begun, entered):
        words = {word.strip() for word in came.sent["Set-Cookie"].split(";")[1:]}
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= words
        assert came.sent["Set-Cookie"].startswith("__Host-sciportal")
        assert "domain" not in came.sent["Set-Cookie"].lower()


def test_a_ticket_is_good_once(apache: Apache) -> None:
    begun = apache.visit("/")
    back = apache.door(begun)
    assert apache.visit(path_of(back), Cookie=cookie(begun)).returned == "302"
    again = apache.visit(path_of(back), Cookie=cookie(begun))
    assert (again.returned, again.page) == ("403", "sign-in-again")
    assert "Set-Cookie" not in again.sent


def test_a_ticket_is_good_for_one_host(apache: Apache) -> None:
    begun = apache.visit("/")
    back = apache.door(begun)
    other = apache.visit(path_of(back), host=f"x--alice{HOST[10:]}", Cookie=cookie(begun))
    assert (other.returned, other.page) == ("403", "sign-in-again")
    # And is spent then.
    assert apache.visit(path_of(back), Cookie=cookie(begun)).page == "sign-in-again"


@pytest.mark.parametrize("stranger", ["", f"__Host-sciportal-begun={'0' * 64}"])
def test_a_ticket_is_good_for_one_browser(apache: Apache, stranger: str) -> None:
    """Nobody can make others use a service in the name of somebody else, by a link."""
    back = apache.door(apache.visit("/"))
    assert apache.visit(path_of(back), Cookie=stranger).page == "sign-in-again"


def test_a_ticket_is_good_for_a_minute(apache: Apache) -> None:
    begun = apache.visit("/")
    back = apache.door(begun)
    (ticket,) = (apache.place / "tickets").iterdir()
    till = int(re.findall(r"till=(\d+)", ticket.read_text())[0])
    assert till - time.time() <= 60
    ticket.write_text(ticket.read_text().replace(str(till), str(int(time.time()) - 1)))
    assert apache.visit(path_of(back), Cookie=cookie(begun)).page == "sign-in-again"


def test_a_session_ends_and_is_good_for_one_host(apache: Apache) -> None:
    mine = apache.sign_in()
    assert apache.visit("/", Cookie=mine).returned == PASSED
    assert apache.visit("/", host=f"other--bob{HOST[10:]}", Cookie=mine).returned == "302"
    (session,) = (apache.place / "sessions").iterdir()
    session.write_text(re.sub(r"till=\d+", f"till={int(time.time())}", session.read_text()))
    assert apache.visit("/", Cookie=mine).returned == "302"


@pytest.mark.parametrize(
    "name", ["sciportal", "__Secure-sciportal", "__host-sciportal", "__Host-sciportal-begun", "x=y"]
)
def test_what_a_neighbour_can_set_is_no_session(apache: Apache, name: str) -> None:
    value = apache.sign_in().partition("=")[2]
    assert apache.visit("/", Cookie=f"{name}={value}").returned == "302"


@pytest.mark.parametrize(
    "value", ["", "../accounts.map", "x" * 64, "A" * 64, "a" * 63, "a" * 65, "a" * 63 + "/"]
)
def test_what_is_no_secret_opens_no_file(apache: Apache, value: str) -> None:
    assert apache.visit("/", Cookie=f"__Host-sciportal={value}").returned == "302"
    assert apache.visit(f"/.sciportal/enter?ticket={value}&to=/").page == "sign-in-again"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("host", "evil.example.org"),
        ("host", "services.example.org"),
        ("host", "x.services.example.org"),
        ("host", "a--b.c.services.example.org"),
        ("host", "a--b--c.services.example.org"),
        ("host", "a---b.services.example.org"),
        ("host", "a--b.services.example.org.evil.org"),
        ("host", "a--b.services.example.org:80"),
        ("host", "evil.org/a--b.services.example.org"),
        ("host", "A--b.services.example.org"),
        ("begun", "x"),
        ("to", "//evil.org/"),
        ("to", "/%5Cevil.org"),
        ("to", "https://evil.org/"),
        ("to", "/a%0D%0ASet-Cookie:%20x=y"),
        ("to", ""),
    ],
)
def test_the_door_gives_tickets_to_hosts_of_services_only(
    apache: Apache, key: str, value: str
) -> None:
    asked = {"host": HOST, "begun": "0" * 64, "to": "/", key: value}
    query = "&".join(f"{name}={each}" for name, each in asked.items())
    came = apache.call("hand_over", r={"args": query}, headers_in={"X-Shib-Userid": "bob"})
    assert came.returned == "400"
    assert not list((apache.place / "tickets").iterdir())


def test_values_with_line_ends_say_nothing_else(apache: Apache) -> None:
    begun = apache.visit("/")
    back = apache.door(begun, issuer="https://evil.org\nissuer=x\nuser=bob", user="eve")
    entered = apache.visit(path_of(back), Cookie=cookie(begun))
    assert apache.visit("/", access="users", Cookie=cookie(entered)).env["SCIPORTAL_user"] == "eve"
    assert apache.visit("/", Cookie=cookie(entered)).page == "not-yours"


@pytest.mark.parametrize(
    ("issuer", "user", "access", "returned"),
    [
        (HOME, "bob", "owner", PASSED),
        (HOME, "bob@site.org", "owner", PASSED),
        (HOME, "alice", "owner", "403"),
        (HOME, "alice", "users", PASSED),
        # Another provider's bob is not bob, but signed in.
        ("https://idp.evil.org/idp", "bob", "owner", "403"),
        ("https://idp.evil.org/idp", "bob", "users", PASSED),
        (HOME, "", "owner", "403"),
        (HOME, "bob", "public", PASSED),
        (HOME, "bob", "", "404"),
        (HOME, "bob", "ownr", "404"),
    ],
)
def test_a_service_is_for_those_whom_its_access_names(
    apache: Apache, issuer: str, user: str, access: str, returned: str
) -> None:
    came = apache.visit("/", access, Cookie=apache.sign_in(issuer, user))
    assert came.returned == returned
    assert ("SCIPORTAL_SOURCE" in came.env) == (returned == PASSED and access != "public")
    assert access != "public" or "SCIPORTAL_user" not in came.env


@pytest.mark.parametrize(
    ("issuer", "user", "returned"),
    [(AUTHORITY, "jdoe", PASSED), (AUTHORITY, "bob", "403"), ("CN=Other", "jdoe", "403")],
)
def test_by_certificate_there_is_no_redirect(
    apache: Apache, issuer: str, user: str, returned: str
) -> None:
    env = {"SCIPORTAL_HOST": "x--jane.services.example.org", "SCIPORTAL_ACCESS": "owner"}
    env |= {"SCIPORTAL_ACCOUNT": "jane", "SCIPORTAL_DOOR": "certificate", "SCIPORTAL_GATE": "on"}
    env |= {"SCIPORTAL_issuer": issuer, "SCIPORTAL_user": user}
    request = {"uri": "/", "unparsed_uri": "/", "method": "GET"}
    # A session of the other door is nothing here.
    headers = {"Cookie": apache.sign_in()}
    came = apache.call("gate", r=request, headers_in=headers, subprocess_env=env)
    assert came.returned == returned


USERS = st.text("alicebobjdoe@.rt-*\t ", max_size=12) | st.sampled_from(
    ["alice", "bob", "jdoe", "root", "root@site.org", "alice@site.org", "bob@guest.org", "a@"]
)


@given(st.sampled_from([HOME, GUEST, AUTHORITY, "x", ""]), USERS)
def test_the_map_says_the_same_here_as_elsewhere(lasting: Apache, issuer: str, user: str) -> None:
    found = lasting.call("account_of", r={"issuer": issuer, "user": user}).returned
    assert found == (accounts.account(MAP, Identity(issuer, user)) or "nil")


NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize(
    ("method", "headers", "refused"),
    [
        ("GET", {}, False),
        ("POST", {}, False),
        ("GET", {"Sec-Fetch-Site": "none", **NAVIGATION}, False),
        ("POST", {"Sec-Fetch-Site": "same-origin", "Origin": OWN}, False),
        ("GET", {"Sec-Fetch-Site": "same-site", **NAVIGATION}, False),
        ("GET", {"Sec-Fetch-Site": "cross-site", **NAVIGATION}, False),
        ("POST", {"Sec-Fetch-Site": "same-site", **NAVIGATION}, True),
        ("GET", {"Sec-Fetch-Site": "same-site", **NAVIGATION, "Sec-Fetch-Dest": "iframe"}, True),
        ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}, True),
        ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, True),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, True),
        ("GET", {"Sec-Fetch-Site": "anything else"}, True),
        ("POST", {"Origin": "https://x--alice.services.example.org:9443"}, True),
        ("POST", {"Origin": "null"}, True),
        ("POST", {"Origin": OWN.replace(":9443", "")}, True),
        ("GET", {"Origin": f"{OWN}.evil.org"}, True),
        ("POST", {"Origin": OWN}, False),
        ("GET", {"Upgrade": "websocket", "Origin": OWN}, False),
        ("GET", {"Upgrade": "websocket"}, True),
        ("GET", {"Upgrade": "websocket", "Origin": "https://evil.org"}, True),
        ("GET", {"Upgrade": "h2c", "Sec-Fetch-Site": "none"}, True),
    ],
)
def test_what_pages_of_other_origins_ask_is_refused(
    lasting: Apache, method: str, headers: dict[str, str], refused: bool
) -> None:
    env = {"SCIPORTAL_ACCESS": "owner", "SCIPORTAL_GATE": "on"}
    request = {"method": method, "uri": "/Shibboleth.sso/SAML2/POST"}
    sent = {"Host": f"{HOST.upper()}:9443", **headers}
    came = lasting.call("refuse_strangers", r=request, headers_in=sent, subprocess_env=env)
    assert (came.returned, came.page) == (("403", "from-elsewhere") if refused else (PASSED, ""))


def test_at_the_door_only_signing_in_comes_from_elsewhere(lasting: Apache) -> None:
    sent = {
        "Host": "portal.example.org",
        "Origin": "https://idp.org",
        "Sec-Fetch-Site": "cross-site",
    }
    for path, returned in (
        ("/Shibboleth.sso/SAML2/POST", PASSED),
        ("/Shibboleth.sso/SLO/Redirect", PASSED),
        ("/Shibboleth.sso/Logout", "403"),
        ("/Shibboleth.sso/Session", "403"),
        ("/portal/Shibboleth.sso/SAML2/POST", "403"),
        ("/.sciportal/enter", "403"),
    ):
        request = {"method": "POST", "uri": path}
        assert lasting.call("refuse_strangers", r=request, headers_in=sent).returned == returned

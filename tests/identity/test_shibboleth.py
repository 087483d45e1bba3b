"""The door on which people sign in, against a real identity provider."""

from __future__ import annotations

import base64
import time

import pytest

from identity.authority import PORTAL
from identity.site import DOOR, Answer, Site, Visitor

JANE = {
    "x-shib-userid": "jdoe",
    "x-shib-email": "jdoe@site.test",
    "x-shib-name-first": "Jane",
    "x-shib-name-last": "Doe",
    "x-identity-source": "shibboleth",
}


def assert_not_in(answer: Answer) -> None:
    """The site's own page says that nobody is signed in, and no application was asked."""
    assert answer.status >= 400, answer
    assert "You could not be signed in" in answer.text
    assert "help@site.test" in answer.text


@pytest.mark.parametrize("path", ["/plain", "/app"])
def test_an_application_is_told_who_signed_in(visitor: Visitor, path: str) -> None:
    answer = visitor.sign_in("jdoe", path)
    assert answer.status == 200
    assert answer.url == f"https://{PORTAL}{path}"
    assert answer.identity == JANE


def test_the_session_is_kept_in_a_cookie_that_only_this_server_sees(
    site: Site, visitor: Visitor
) -> None:
    place, fields = visitor.password("jdoe").form()
    visitor.ask(place, form=fields, follow=False)
    (cookie,) = [each for each in site.cookies if each.startswith("__Host-_shibsession_")]
    assert {"secure", "HttpOnly", "SameSite=Lax"} <= {each.strip() for each in cookie.split(";")}
    assert "domain" not in cookie.lower()
    visitor.cookies[PORTAL] = {
        "mine": "1",
        **visitor.cookies[PORTAL],
        "_shibsession_x": "2",
        "__Host-_shibsession_y": "3",
        "also": "3",
    }
    answer = visitor.ask(f"https://{PORTAL}/plain")
    cookies = [value for name, value in answer.seen if name.lower() == "cookie"]
    assert cookies == ["mine=1; also=3"]


def test_values_are_the_first_of_several_and_keep_their_letters(visitor: Visitor) -> None:
    seen = visitor.sign_in("multi").identity
    assert seen["x-shib-email"] == "a@site.test"
    # Headers are bytes; this application reads them as latin-1.
    assert seen["x-shib-name-first"].encode("latin-1").decode() == "Jos\u00e9; X"
    assert seen["x-shib-name-last"].encode("latin-1").decode() == "N\u00fa\u00f1ez"


@pytest.mark.parametrize("path", ["/plain", "/app"])
@pytest.mark.parametrize(
    ("user", "known"),
    [
        ("nouid", {"x-shib-name-first": "No", "x-shib-name-last": "Uid"}),
        # Two names of a user are none.
        ("twice", {"x-shib-name-last": "Twice"}),
        # A value with a line end would begin a header of its own.
        ("split", {"x-shib-userid": "split"}),
    ],
)
def test_what_is_not_known_is_no_header(
    visitor: Visitor, user: str, known: dict[str, str], path: str
) -> None:
    answer = visitor.sign_in(user, path)
    assert answer.identity == {"x-identity-source": "shibboleth", **known}
    assert "(null)" not in answer.text


def test_odd_values_are_no_names(visitor: Visitor) -> None:
    """A line end in a user's name, a blank, no address; a semicolon is as good as any text."""
    seen = visitor.sign_in("odd").identity
    assert seen == {"x-identity-source": "shibboleth", "x-shib-name-first": ";"}


def test_who_may_not_is_told_so(visitor: Visitor) -> None:
    answer = visitor.sign_in("asmith", "/staff")
    assert answer.status == 403
    assert "Not for you" in answer.text
    assert visitor.ask(f"https://{PORTAL}/plain").identity["x-shib-userid"] == "asmith"


def test_who_may_gets_there(visitor: Visitor) -> None:
    assert visitor.sign_in("jdoe", "/staff").identity == JANE


def test_where_signing_in_is_optional_nobody_is_known_until_then(visitor: Visitor) -> None:
    answer = visitor.ask(f"https://{PORTAL}/open")
    assert answer.status == 200
    assert answer.identity == {}
    visitor.sign_in("jdoe")
    assert visitor.ask(f"https://{PORTAL}/open").identity == JANE


def test_a_wrong_password_is_none(visitor: Visitor) -> None:
    page = visitor.password("jdoe", "wrong")
    assert "SAMLResponse" not in page.text
    answer = visitor.ask(f"https://{PORTAL}/plain", follow=False)
    assert answer.status == 302


def test_a_response_is_good_once(site: Site, visitor: Visitor) -> None:
    place, fields = visitor.password("jdoe").form()
    assert visitor.ask(place, form=fields).identity == JANE
    thief = Visitor(site)
    assert_not_in(thief.ask(place, form=fields))
    assert thief.ask(f"https://{PORTAL}/plain", follow=False).status == 302


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b">jdoe<", b">root<"),
        (b'Destination="https://portal', b'Destination="https://martal'),
        (b"<saml:AudienceRestriction>", b"<saml:AudienceRestriction ID='x'>"),
    ],
)
def test_an_altered_response_is_none(visitor: Visitor, old: bytes, new: bytes) -> None:
    place, fields = visitor.password("jdoe").form()
    response = base64.b64decode(fields["SAMLResponse"])
    assert old in response
    fields["SAMLResponse"] = base64.b64encode(response.replace(old, new)).decode()
    assert_not_in(visitor.ask(place, form=fields))
    assert visitor.ask(f"https://{PORTAL}/plain", follow=False).status == 302


def test_a_response_without_its_signature_is_none(visitor: Visitor) -> None:
    place, fields = visitor.password("jdoe").form()
    response = base64.b64decode(fields["SAMLResponse"])
    while b"<ds:Signature" in response:
        begin, end = response.index(b"<ds:Signature "), response.index(b"</ds:Signature>")
        response = response[:begin] + response[end + len(b"</ds:Signature>") :]
    fields["SAMLResponse"] = base64.b64encode(response).decode()
    assert_not_in(visitor.ask(place, form=fields))


def test_a_response_of_another_signer_is_none(site: Site, visitor: Visitor) -> None:
    """The assertion of somebody who set up a provider of their own with our provider's name."""
    place, fields = visitor.password("jdoe").form()
    response = base64.b64decode(fields["SAMLResponse"]).decode()
    stranger, key = site.authority.self_signed("stranger", ["CN=idp.test"], rsa=True)
    begin, end = response.index("<ds:Signature "), response.index("</ds:Signature>") + 15
    for name, source in (
        ("/tmp/stranger.xml", None),
        ("/tmp/stranger.pem", stranger),
        ("/tmp/stranger.key", key),
    ):
        text = source.read_text() if source else response[:begin] + response[end:]
        site.run(DOOR, ["sh", "-c", 'cat >"$1"', "sh", name], stdin=text)
    argv = [
        "samlsign",
        "-s",
        "-f",
        "/tmp/stranger.xml",
        "-k",
        "/tmp/stranger.key",
        "-c",
        "/tmp/stranger.pem",
    ]
    signed = site.run(DOOR, argv).out
    assert "SignatureValue" in signed
    fields["SAMLResponse"] = base64.b64encode(signed.encode()).decode()
    assert_not_in(visitor.ask(place, form=fields))


def test_who_signs_out_is_out(visitor: Visitor) -> None:
    visitor.sign_in("jdoe")
    answer = visitor.ask(f"https://{PORTAL}/Shibboleth.sso/Logout")
    assert answer.status == 200
    assert visitor.ask(f"https://{PORTAL}/plain", follow=False).status == 302


@pytest.fixture
def shifted_clock(site: Site):
    """shibd's clock is ten minutes ahead."""
    drop_in = "/run/systemd/system/shibd.service.d"
    library = site.run(DOOR, ["sh", "-c", "ls /usr/lib/*/faketime/libfaketimeMT.so.1"]).out.strip()
    ahead = "FAKETIME=+600s FAKETIME_DONT_FAKE_MONOTONIC=1"
    text = f"[Service]\nEnvironment=LD_PRELOAD={library} {ahead}\n"
    site.run(DOOR, ["mkdir", "-p", drop_in])
    site.write(DOOR, f"{drop_in}/clock.conf", text)
    restart(site)
    yield
    site.run(DOOR, ["rm", f"{drop_in}/clock.conf"])
    restart(site)


def restart(site: Site) -> None:
    """Restart shibd, as it is told to run now."""
    site.run(DOOR, ["systemctl", "daemon-reload"])
    site.run(DOOR, ["systemctl", "restart", "shibd"])


def test_with_a_clock_that_is_off_by_ten_minutes_nobody_comes_in(
    shifted_clock: None, visitor: Visitor
) -> None:
    assert_not_in(visitor.sign_in("jdoe"))
    assert visitor.ask(f"https://{PORTAL}/plain", follow=False).status == 302


def test_without_shibd_nobody_comes_in(site: Site, visitor: Visitor) -> None:
    visitor.sign_in("jdoe")
    site.run(DOOR, ["systemctl", "stop", "shibd"])
    try:
        fresh = Visitor(site)
        assert_not_in(fresh.ask(f"https://{PORTAL}/plain"))
        open_ = fresh.ask(f"https://{PORTAL}/open", "X-Shib-Userid: jdoe")
        assert "jdoe" not in open_.text
    finally:
        site.run(DOOR, ["systemctl", "start", "shibd"])
    deadline = time.monotonic() + 60
    while Visitor(site).sign_in("jdoe").status != 200:
        assert time.monotonic() < deadline


def test_only_apache_reaches_shibd(site: Site) -> None:
    """A local account of the web host asks it for somebody's session."""
    script = "import socket; socket.socket(socket.AF_UNIX).connect('/run/shibboleth/shibd.sock')"
    for user, code in (("nobody", 1), ("www-data", 0)):
        done = site.run(DOOR, ["runuser", "-u", user, "--", "python3", "-c", script], check=False)
        assert done.code == code, done
        assert code == 0 or "PermissionError" in done.err

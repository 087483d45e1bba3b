"""The door on which people show a certificate."""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from identity.authority import PEOPLE, PORTAL, Authority
from identity.site import CERTIFICATES, DOOR, IDP, Site, Visitor

URL = f"https://{PORTAL}:{CERTIFICATES}"
JANE = {
    "x-shib-userid": "jdoe",
    "x-shib-email": "jdoe@site.test",
    "x-shib-name-first": "Jane",
    "x-shib-name-last": "Doe",
    "x-identity-source": "certificate",
}
Of = Callable[..., Visitor]
DAY = datetime.timedelta(days=1)


@pytest.mark.parametrize("path", ["/plain", "/app", "/staff", "/open"])
def test_an_application_is_told_whose_certificate_it_is(
    site: Site, jane: tuple[Path, Path], path: str
) -> None:
    answer = Visitor(site, jane).ask(URL + path)
    assert answer.status == 200
    assert answer.identity == JANE


def test_both_doors_tell_the_same(site: Site, jane: tuple[Path, Path], signed_in: Visitor) -> None:
    here = Visitor(site, jane).ask(f"{URL}/plain").identity
    there = signed_in.ask(f"https://{PORTAL}/plain").identity
    assert here.pop("x-identity-source") != there.pop("x-identity-source")
    assert here == there


def test_letters_stay_what_they_are(of: Of) -> None:
    seen = (
        of("utf8", *PEOPLE, "CN=Jos\u00e9 N\u00fa\u00f1ez \u738b", "CN=UID:jose")
        .ask(f"{URL}/plain")
        .identity
    )
    assert seen["x-shib-name-first"].encode("latin-1").decode() == "Jos\u00e9"
    assert seen["x-shib-name-last"].encode("latin-1").decode() == "N\u00fa\u00f1ez \u738b"


def test_a_user_with_a_dash_is_not_cut(of: Of) -> None:
    seen = of("dash", *PEOPLE, "CN=Al Dash", "CN=UID:al-dash.x").ask(f"{URL}/plain").identity
    assert seen["x-shib-userid"] == "al-dash.x"
    assert seen["x-shib-email"] == "al-dash.x@site.test"


def test_without_a_uid_the_address_tells(of: Of) -> None:
    visitor = of("noid", *PEOPLE, "CN=No Id", "emailAddress=noid@site.test")
    answer = visitor.ask(f"{URL}/plain", "X-Shib-Userid: admin", "X_Shib_Userid: admin")
    assert answer.identity == {
        "x-shib-userid": "noid",
        "x-shib-email": "noid@site.test",
        "x-identity-source": "certificate",
    }


def test_a_service_has_a_rule_of_its_own(of: Of) -> None:
    visitor = of("poms", *PEOPLE[:3], "OU=Services", "CN=poms/host.site.test")
    answer = visitor.ask(f"{URL}/staff")
    assert answer.identity == {
        "x-shib-userid": "poms",
        "x-shib-email": "poms@site.test",
        "x-shib-name-first": "POMS",
        "x-shib-name-last": "Service",
        "x-identity-source": "certificate",
    }


@pytest.mark.parametrize(
    "subject",
    [
        [*PEOPLE, "CN=Jane Doe"],
        [*PEOPLE, "CN=Evil/CN=UID:admin"],
        [*PEOPLE, "CN=Evil Person/CN=UID:admin"],
        [*PEOPLE, "CN=Evil,CN=UID:admin"],
        [*PEOPLE, "CN=Evil Person", "CN=xUID:admin"],
        [*PEOPLE, "CN=Evil Person", "CN=UID:admin", "CN=UID:jdoe"],
        [*PEOPLE, "CN=Evil Person", "CN=UID:admin,E=SCIPORTAL_user:root"],
        [*PEOPLE, "CN=Evil Person", "CN=UID:admin\nX-Shib-Userid: root"],
        [*PEOPLE, "CN=Evil Person", "CN=UID:admin\n"],
        [*PEOPLE, "CN=Evil Person", "CN=UID:"],
        [*PEOPLE[:3], "OU=Guests", "CN=Evil Person", "CN=UID:admin"],
        ["DC=test", "DC=site", "O=Other", "OU=People", "CN=Evil Person", "CN=UID:admin"],
        ["O=Example Laboratory\\, OU=People", "CN=UID:admin", "CN=Evil Person"],
        [*PEOPLE, "CN=x,emailAddress=admin@site.test"],
        [*PEOPLE, "emailAddress=admin@site.test,CN=x"],
        [*PEOPLE[:3], "OU=Services", "CN=poms/host.site.test,OU=Services"],
        ["DC=test", "CN=poms/host.site.test,OU=Services,O=Example Laboratory,DC=site"],
        [*PEOPLE, "CN=<script>alert(1)</script>"],
    ],
    ids=lambda subject: subject[-1].replace("\n", "_"),
)
def test_whom_no_rule_knows_is_told_so(of: Of, subject: list[str]) -> None:
    """Also those whose names look like parts of other names."""
    visitor = of("stranger", *subject)
    for path in ("/plain", "/open", "/app", "/"):
        answer = visitor.ask(URL + path, "X-Shib-Userid: admin")
        assert answer.status == 403
        assert "This certificate is not known here" in answer.text
        assert "<script>" not in answer.text
    assert "=" in answer.text.split("<pre>")[1].split("</pre>")[0]


def test_the_page_shows_the_name_to_send(of: Of) -> None:
    answer = of("named", *PEOPLE, "CN=Jane Doe").ask(f"{URL}/plain")
    assert "CN=Jane Doe,OU=People,O=Example Laboratory,DC=site,DC=test" in answer.text
    assert "help@site.test" in answer.text


def test_who_is_known_and_may_not_is_told_something_else(of: Of) -> None:
    answer = of("ann", *PEOPLE, "CN=Ann Smith", "CN=UID:asmith").ask(f"{URL}/staff")
    assert answer.status == 403
    assert "Not for you" in answer.text


def test_what_is_not_there_is_not_there(site: Site, jane: tuple[Path, Path]) -> None:
    for path in (
        "/",
        "/plainer",
        "/Shibboleth.sso/Login",
        "/Shibboleth.sso/Session",
        "/.sciportal/not-found.html",
    ):
        assert Visitor(site, jane).ask(URL + path, follow=False).status == 404


def assert_refused(site: Site, pair: tuple[Path, Path] | None) -> None:
    """The handshake ends the connection, whichever version it speaks."""
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            say_and_read(site, pair, version)


def say_and_read(site: Site, pair: tuple[Path, Path] | None, version: ssl.TLSVersion) -> None:
    """A request, and its answer if there is one: in TLS 1.3 only reading shows a refusal."""
    request = b"GET /plain HTTP/1.1\r\nHost: portal.test\r\nConnection: close\r\n\r\n"
    with site.connect(PORTAL, CERTIFICATES, pair, version) as connection:
        connection.sendall(request)
        answer = connection.recv(1)
    assert answer == b"none at all"


def test_without_a_certificate_there_is_no_connection(site: Site) -> None:
    assert_refused(site, None)


def test_a_session_of_the_other_door_is_no_certificate(site: Site) -> None:
    """TLS goes on with what an earlier handshake agreed upon; that one asked for nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(site.authority.certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def connect(port: int, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
        plain = socket.create_connection((site.addresses[PORTAL], port), timeout=60)
        return context.wrap_socket(plain, server_hostname=PORTAL, session=session)

    for _ in range(5):
        with connect(443) as first:
            session = first.session
        with connect(443, session) as again:
            is_known = again.session_reused
        # A reload of Apache in between, as for a new list of what is revoked, forgets all.
        if is_known:
            break
    assert is_known
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(CERTIFICATES, session)


@pytest.mark.parametrize(("since", "until"), [(-2 * DAY, -DAY), (DAY, 2 * DAY)])
def test_an_old_or_an_early_certificate_is_none(
    site: Site, since: datetime.timedelta, until: datetime.timedelta
) -> None:
    subject = [*PEOPLE, "CN=Jane Doe", "CN=UID:jdoe"]
    assert_refused(site, site.authority.sign("untimely", subject, since=since, until=until))


def test_a_self_signed_certificate_is_none(site: Site) -> None:
    subject = [*PEOPLE, "CN=Jane Doe", "CN=UID:jdoe"]
    assert_refused(site, site.authority.self_signed("own", subject))


def test_a_certificate_of_another_authority_with_the_same_name_is_none(
    site: Site, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    assert_refused(site, other.sign("jane", [*PEOPLE, "CN=Jane Doe", "CN=UID:jdoe"]))


def test_a_revoked_certificate_is_none_after_the_next_look(site: Site) -> None:
    """The list is fetched from where the authority publishes it; who is not on it stays in."""
    subject = [*PEOPLE, "CN=Jane Doe", "CN=UID:jdoe"]
    good, bad = site.authority.sign("good", subject), site.authority.sign("bad", subject)
    assert Visitor(site, bad).ask(f"{URL}/plain").status == 200
    site.authority.revoke(bad[0])
    publish(site, site.authority.revoked.read_text())
    # No connection is lost: a graceful reload.
    with site.connect(PORTAL, CERTIFICATES, good) as connection:
        look(site)
        connection.sendall(b"GET /plain HTTP/1.1\r\nHost: portal.test\r\nConnection: close\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert_refused(site, bad)
    assert Visitor(site, good).ask(f"{URL}/plain").status == 200


def publish(site: Site, text: str) -> None:
    """Put a list where the authority publishes it, in DER as authorities do."""
    site.run(
        IDP, ["openssl", "crl", "-outform", "DER", "-out", "/var/www/html/crl.der"], stdin=text
    )


def look(site: Site, check: bool = True) -> str:
    """Do what the timer does, more often than systemd lets it; what it said."""
    site.run(DOOR, ["systemctl", "reset-failed", "sciportal-identity.service"], check=False)
    done = site.run(DOOR, ["systemctl", "start", "sciportal-identity.service"], check=False)
    assert not check or not done.code, done
    since = ["--since", "-20s", "-u", "sciportal-identity.service", "-o", "cat"]
    return site.run(DOOR, ["journalctl", *since]).out


def test_a_timer_looks_for_revoked_certificates(site: Site) -> None:
    shown = site.run(
        DOOR, ["systemctl", "show", "-P", "NextElapseUSecMonotonic", "sciportal-identity.timer"]
    )
    assert shown.out.strip() not in {"", "infinity"}


def test_a_list_of_somebody_else_or_an_older_one_changes_nothing(
    site: Site, tmp_path: Path
) -> None:
    """An attacker between us and the authority, which publishes over http."""
    subject = [*PEOPLE, "CN=Jane Doe", "CN=UID:jdoe"]
    before = site.authority.publish(path=tmp_path / "before.pem").read_text()
    bad = site.authority.sign("bad2", subject)
    site.authority.revoke(bad[0])
    publish(site, site.authority.revoked.read_text())
    look(site)
    assert_refused(site, bad)
    other = Authority(tmp_path / "other")
    for text in (before, other.revoked.read_text()):
        publish(site, text)
        look(site, check=False)
        assert_refused(site, bad)
    site.run(IDP, ["sh", "-c", "echo '<html>' >/var/www/html/crl.der"])
    said = look(site, check=False)
    assert f"http://{IDP}/crl.der: openssl cannot read it" in said
    assert_refused(site, bad)
    publish(site, site.authority.revoked.read_text())
    look(site)

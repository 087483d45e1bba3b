"""What is wrong is said; what the role makes of it is in test_role.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity.authority import ENTITY, PEOPLE, PORTAL, Authority, metadata
from identity.check import DAYS, PLACE, Check, Signer, until
from identity.site import IDP, Site


def test_the_sites_own_settings_are_good(check: Check) -> None:
    assert check.said() == ""


# Metadata.


def test_missing_metadata_is_refused(check: Check) -> None:
    assert "No such file or directory; put it there" in check.shibboleth(metadata="/srv/nothing")
    assert "; see that this host reaches it" in check.shibboleth(
        metadata="http://127.0.0.1:9/x", certificate="/srv/test/ca.pem"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is no XML"),
        ("<html></html>", "it is no SAML 2.0 metadata but <html>"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "it has a document type"),
    ],
)
def test_what_is_no_metadata_is_refused(check: Check, text: str, said: str) -> None:
    assert said in check.shibboleth(metadata=check.file("metadata.xml", text))


def test_expired_metadata_is_refused(check: Check, site: Site) -> None:
    text = metadata(site.authority.place / "saml.pem", attributes=until(-1))
    assert "it expired at" in check.shibboleth(metadata=check.file("metadata.xml", text))


def test_metadata_without_the_provider_is_refused(check: Check) -> None:
    assert f"is not in it, but {ENTITY}" in check.shibboleth(entity="https://other.test/idp")


def test_metadata_without_a_scope_is_refused_where_a_scoped_attribute_names_the_user(
    check: Check, site: Site
) -> None:
    text = metadata(site.authority.place / "saml.pem", scope="")
    path = check.file("metadata.xml", text)
    assert "names no scope" in check.shibboleth(metadata=path, scoped=True)
    assert check.shibboleth(metadata=path, scoped=False) == ""


def test_an_address_without_a_signature_is_refused(check: Check) -> None:
    assert "nobody checks who wrote it" in check.shibboleth(metadata="https://idp.test/x")


def test_only_metadata_with_the_right_signature_is_taken(check: Check, site: Site) -> None:
    ours, theirs = Signer(check, "ours"), Signer(check, "theirs")
    text = metadata(site.authority.place / "saml.pem", attributes=until(20))
    good = ours.sign(text)
    tries = {
        "": good,
        "unsigned": text,
        "of another": theirs.sign(text),
        "altered": good.replace("site.test</shibmd:Scope>", "evil.test</shibmd:Scope>"),
        # The signed element within another one that says something else.
        "wrapped": (
            '<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">'
            + text.replace('ID="_signed"', 'ID="_other"')
            + good.partition("?>")[2]
            + "</EntitiesDescriptor>"
        ),
    }
    for name, each in tries.items():
        assert name in {"", "unsigned"} or each != good
        path = check.file("metadata.xml", each)
        said = check.shibboleth(metadata=path, certificate=ours.certificate)
        assert ("is not signed by the holder of" in said) == bool(name), (name, said)


def test_metadata_from_an_address_has_to_end_soon(check: Check, site: Site) -> None:
    ours = Signer(check, "ours")
    for days, taken in ((20, True), (200, False), (None, False)):
        attributes = until(days) if days else 'ID="_signed"'
        signed = ours.sign(metadata(site.authority.place / "saml.pem", attributes=attributes))
        site.write(IDP, "/var/www/html/metadata.xml", signed)
        said = check.shibboleth(metadata=f"http://{IDP}/metadata.xml", certificate=ours.certificate)
        assert (said == "") == taken, said
        assert taken or "does not end (validUntil) within 30 days" in said


# Authorities and what they revoked.


def test_a_directory_without_authorities_is_refused(check: Check, site: Site) -> None:
    assert "has no certificate of one" in check.certificates(directory=f"{PLACE}/empty")
    assert "No such file or directory" in check.certificates(directory="/srv/nothing")
    leaf = site.authority.sign("leaf", [*PEOPLE, "CN=x"])[0].read_text()
    check.file("leaves/leaf.pem", leaf)
    assert "has no certificate of one" in check.certificates(directory=f"{PLACE}/leaves")


def test_an_authority_that_expired_is_refused(check: Check, tmp_path: Path) -> None:
    root = Authority(tmp_path / "root")
    old = root.sign("old", ["CN=Old"], kind="authority", since=-2 * DAYS, until=-DAYS)[
        0
    ].read_text()
    check.file("old/ca.pem", old)
    said = check.certificates(directory=f"{PLACE}/old", check="none", urls=[])
    assert "the authority CN=Old: its certificate expired at" in said


def test_without_a_list_that_holds_an_authority_is_refused(
    check: Check, site: Site, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    check.file("lists/ca.pem", site.authority.certificate.read_text())
    directory = f"{PLACE}/lists"
    assert "there is none, so all would be refused" in check.certificates(
        directory=directory, urls=[]
    )
    check.file("lists/crl.pem", other.revoked.read_text())
    assert "is not signed by that authority" in check.said()
    times = ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200201000000Z"]
    stale = site.authority.publish(*times, path=tmp_path / "stale.pem")
    check.file("lists/crl.pem", stale.read_text())
    assert "it expired at 2020-02-01 00:00 UTC, so all would be refused" in check.said()
    check.file("lists/crl.pem", site.authority.revoked.read_text())
    assert check.said() == ""


def test_an_address_of_a_list_that_does_not_answer_is_refused(check: Check) -> None:
    assert "; see that this host reaches it" in check.certificates(urls=["http://127.0.0.1:9/x"])


# Rules, and the server's own certificate.


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("UID:([a-z", "is no regular expression"),
        ("(.*)", "its patterns match everything"),
        ("((?s:.)+)|x", "its patterns match everything"),
    ],
)
def test_a_rule_that_is_none_is_refused(check: Check, pattern: str, said: str) -> None:
    match = [{"part": "CN_1", "pattern": pattern, "groups": ["user"]}]
    assert said in check.certificates(rules=[{"name": "wrong", "match": match}])


def test_a_servers_certificate_that_is_none_is_refused(check: Check, site: Site) -> None:
    certificate, key = site.authority.sign(
        "web", [f"CN={PORTAL}"], kind="server", since=-2 * DAYS, until=-DAYS
    )
    check.settings["key"] = check.file("web.key", key.read_text())
    assert "is not the key of /srv/test/portal.pem" in check.said()
    check.settings["certificate"] = check.file("web.pem", certificate.read_text())
    assert "has expired" in check.said()
    check.settings["key"] = "/srv/nothing"
    assert "is no key" in check.said()

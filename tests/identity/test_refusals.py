"""What is wrong is said before anything is changed, and the doors go on as they are."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from identity import plays
from identity.authority import ENTITY, PEOPLE, PORTAL, Authority, metadata
from identity.site import CERTIFICATES, DOOR, IDP, Site, Visitor

COMMAND = "/opt/sciportal/bin/sciportal-identity"
PLACE = "/srv/test/wrong"
DAYS = datetime.timedelta(days=1)


def until(days: float) -> str:
    """The attribute that says when metadata ends."""
    end = datetime.datetime.now(datetime.UTC) + days * DAYS
    return f'validUntil="{end:%Y-%m-%dT%H:%M:%SZ}" ID="_signed"'


@pytest.fixture
def place(site: Site) -> Iterator[str]:
    """A directory on the web host for what is wrong."""
    site.run(DOOR, ["mkdir", "-p", f"{PLACE}/empty", f"{PLACE}/state"])
    yield PLACE
    site.run(DOOR, ["rm", "-r", PLACE])


class Check:
    """The command's judgement of the site's settings with some of them changed."""

    def __init__(self, site: Site, place: str) -> None:
        self.site, self.place = site, place
        self.settings: dict[str, Any] = json.loads(
            site.run(DOOR, ["cat", "/etc/sciportal/identity.json"]).out
        )
        # What Apache has now does not help.
        self.settings["state"] = f"{place}/state"

    def file(self, name: str, text: str) -> str:
        """Put a file on the web host; its path there."""
        path = f"{self.place}/{name}"
        self.site.run(DOOR, ["mkdir", "-p", str(Path(path).parent)])
        self.site.write(DOOR, path, text)
        return path

    def said(self) -> str:
        """What is wrong; empty if nothing is."""
        argv = [COMMAND, "check", "--settings", "-"]
        done = self.site.run(DOOR, argv, stdin=json.dumps(self.settings), check=False)
        assert done.code == (1 if done.err else 0)
        assert "Traceback" not in done.err
        # Three parts: what was wanted, what was found, what to do.
        assert all(": " in line and "; " in line for line in done.err.splitlines())
        return done.err

    def shibboleth(self, **changed: object) -> str:
        """With other settings of that door."""
        self.settings["shibboleth"].update(changed)
        return self.said()

    def certificates(self, **changed: object) -> str:
        """With other settings of that door."""
        self.settings["certificates"].update(changed)
        return self.said()


@pytest.fixture
def check(site: Site, place: str) -> Check:
    """The command on the web host."""
    return Check(site, place)


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


class Signer:
    """Who signs metadata, with samlsign on the web host."""

    def __init__(self, check: Check, name: str) -> None:
        self.check, self.name = check, name
        certificate, key = check.site.authority.self_signed(
            f"signer-{name}", [f"CN={name}"], rsa=True
        )
        self.key = check.file(f"{name}.key", key.read_text())
        self.certificate = check.file(f"{name}.pem", certificate.read_text())

    def sign(self, text: str) -> str:
        """The signed text."""
        path = self.check.file("unsigned.xml", text)
        argv = ["samlsign", "-s", "-f", path, "-k", self.key, "-c", self.certificate]
        return self.check.site.run(DOOR, argv).out


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


# The role.


def fingerprint(site: Site) -> str:
    """Everything that the role writes, and since when the servers run."""
    places = "/etc/apache2 /etc/shibboleth /etc/sciportal /etc/systemd/system"
    places += " /var/lib/sciportal-identity /usr/local/share/sciportal"
    files = f"find {places} -type f -exec sha256sum {{}} + | sort"
    runs = (
        "systemctl show -p MainPID -p ExecMainStartTimestamp -p StateChangeTimestamp apache2 shibd"
    )
    return site.run(DOOR, ["sh", "-c", f"{files}; {runs}"]).out


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"identity_ca_dir": "/srv/test"}, "the list of what"),
        ({"identity_metadata": "/srv/nothing"}, "put it there, or set identity_metadata"),
        ({"identity_paths": [{"path": "/x", "backend": "ftp://x"}]}, "/x in identity_paths"),
        (
            {"identity_discovery_url": "https://x.test", "identity_idp": ""},
            "two of them may call different people the same",
        ),
        ({"identity_user_attribute": "nothing"}, "nothing is no id in identity_attributes"),
        ({"identity_token_days": 5000}, "give a number of days from 1 to 3650"),
    ],
)
def test_the_role_refuses_and_the_doors_stay_as_they_are(
    site: Site, jane: tuple[Path, Path], variables: dict[str, Any], said: str
) -> None:
    if variables.get("identity_ca_dir"):
        # Another authority than the doors know, and no list of its.
        variables["identity_ca_dir"] = "/srv/test/other"
        site.run(DOOR, ["mkdir", "-p", "/srv/test/other"])
        site.write(
            DOOR,
            "/srv/test/other/ca.pem",
            Authority(site.authority.place / "other", ["CN=Other"]).certificate.read_text(),
        )
    before = fingerprint(site)
    done = plays.role(variables)
    assert done.returncode != 0
    assert said in " ".join(done.stdout.split()), done.stdout
    assert fingerprint(site) == before
    assert Visitor(site, jane).ask(f"https://{PORTAL}:{CERTIFICATES}/plain").status == 200


def test_what_only_apache_would_find_is_refused_as_well(site: Site) -> None:
    """A pattern that is one to Python and none to Apache."""
    match = [{"part": "CN_1", "pattern": r"UID:([a-z]+)\u0031", "groups": ["user"]}]
    before = fingerprint(site)
    done = plays.role({"identity_rules": [{"name": "odd", "match": match}]})
    assert done.returncode != 0
    assert "RewriteCond: cannot compile regular expression" in done.stdout
    assert fingerprint(site) == before


def test_a_second_run_changes_nothing(site: Site) -> None:
    before = fingerprint(site)
    done = plays.role({})
    assert done.returncode == 0
    assert "changed=0" in done.stdout
    assert fingerprint(site) == before

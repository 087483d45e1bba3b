"""Runs of the role: what is wrong changes nothing, and a second run changes nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from identity import plays
from identity.authority import PORTAL, Authority, metadata
from identity.check import Check, Signer, until
from identity.site import CERTIFICATES, DOOR, IDP, Site, Visitor


def fingerprint(site: Site) -> str:
    """Everything that the role writes, and since when the servers run."""
    places = "/etc/apache2 /etc/shibboleth /etc/sciportal /etc/systemd/system"
    places += " /var/lib/sciportal-identity /usr/local/share/sciportal"
    files = f"find {places} -type f -exec sha256sum {{}} + | sort"
    runs = (
        "systemctl show -p MainPID -p ExecMainStartTimestamp -p StateChangeTimestamp apache2 shibd"
    )
    return site.run(DOOR, ["sh", "-c", f"{files}; {runs}"]).out


def rule(name: str, pattern: str) -> dict[str, Any]:
    """A rule that takes the user from the certificate's first CN."""
    match = {"part": "CN_0", "pattern": pattern, "groups": ["user"]}
    return {"name": name, "match": [match]}


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
        # All that is wrong is said at once.
        (
            {
                "identity_rules": [rule("everybody", "(.*)"), rule("nobody", "(")],
                "identity_metadata": "/srv/test/old.xml",
            },
            "its patterns match everything | is no regular expression | it expired at",
        ),
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
    old = metadata(site.authority.place / "saml.pem", attributes=until(-1))
    site.write(DOOR, "/srv/test/old.xml", old)
    before = fingerprint(site)
    done = plays.role(variables)
    assert done.returncode != 0
    for each in said.split(" | "):
        assert each in " ".join(done.stdout.split()), done.stdout
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


def test_people_sign_in_by_metadata_from_an_address_which_nobody_else_replaces(
    check: Check, site: Site, visitor: Visitor
) -> None:
    ours, theirs = Signer(check, "ours"), Signer(check, "theirs")
    good = metadata(site.authority.place / "saml.pem", attributes=until(20))
    # With another key, which would sign for whomever it likes.
    bad = metadata(site.authority.place / "signer-theirs.pem", attributes=until(20))
    site.write(IDP, "/var/www/html/metadata.xml", ours.sign(good))
    there = {
        "identity_metadata": f"http://{IDP}/metadata.xml",
        "identity_metadata_certificate": ours.certificate,
    }
    try:
        assert plays.role(there).returncode == 0
        assert visitor.sign_in("jdoe").status == 200
        site.write(IDP, "/var/www/html/metadata.xml", theirs.sign(bad))
        site.run(DOOR, ["systemctl", "restart", "shibd"])
        deadline = time.monotonic() + 60
        while Visitor(site).sign_in("jdoe").status != 200:
            assert time.monotonic() < deadline
    finally:
        assert plays.role({}).returncode == 0

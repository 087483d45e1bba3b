"""What is gathered from a directory, with real certificates, and how Apache gets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from identity.authority import Authority
from sciportal.frontend.apache import Apache
from sciportal.identity import cli, gather, openssl, refresh
from sciportal.identity.settings import Certificates
from sciportal.service.errors import ServiceError


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority."""
    return Authority(tmp_path_factory.mktemp("authority"))


def place(tmp_path: Path, **files: str) -> Certificates:
    """Settings with a directory of these files."""
    directory = tmp_path / "ca"
    directory.mkdir()
    for name, text in files.items():
        (directory / name).write_text(text)
    return Certificates(str(directory), "chain", (), ())


def test_all_blocks_of_all_files_are_read(tmp_path: Path, authority: Authority) -> None:
    other = Authority(tmp_path / "other", ["CN=Other"])
    both = f"some words\r\n{authority.certificate.read_text()}\n{other.certificate.read_text()}"
    given = place(
        tmp_path, bundle=both, a=authority.revoked.read_text(), b=other.revoked.read_text()
    )
    found = gather.gather(given, tmp_path)
    assert found.problems == []
    assert {each.subject for each in found.authorities} == {
        "CN=Authority,DC=site,DC=test",
        "CN=Other",
    }
    assert all(each.signed for each in found.lists)
    files = found.files()
    assert files[gather.CA_FILE].count("BEGIN CERTIFICATE") == 2
    assert files[gather.CRL_FILE].count("BEGIN X509 CRL") == 2


def test_a_list_of_another_with_the_same_name_is_not_signed(
    tmp_path: Path, authority: Authority
) -> None:
    forged = Authority(tmp_path / "forged").revoked.read_text()
    given = place(tmp_path, ca=authority.certificate.read_text(), crl=forged)
    found = gather.gather(given, tmp_path)
    assert [each.signed for each in found.lists] == [False]
    assert found.files()[gather.CRL_FILE] == ""


def test_what_apache_has_now_counts(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / gather.CRL_FILE).write_text(authority.revoked.read_text())
    given = place(tmp_path, ca=authority.certificate.read_text())
    assert "BEGIN X509 CRL" in gather.gather(given, tmp_path).files()[gather.CRL_FILE]


def test_an_older_list_of_the_same_second_is_not_taken(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    old = authority.revoked.read_text()
    new = authority.publish(path=tmp_path / gather.CRL_FILE).read_text()
    given = place(tmp_path, ca=authority.certificate.read_text(), crl=old)
    assert gather.gather(given, tmp_path).files()[gather.CRL_FILE] == new


def test_what_openssl_cannot_read_is_said(tmp_path: Path) -> None:
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    (problem,) = gather.gather(place(tmp_path, ca=broken), tmp_path).problems
    assert "openssl cannot read it" in str(problem)
    with pytest.raises(ServiceError, match="at http://x/crl: openssl cannot read it"):
        openssl.pem(b"<html>", "http://x/crl")


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    given = Certificates(str(tmp_path / "none"), "chain", (), ())
    (problem,) = gather.gather(given, tmp_path).problems
    assert "No such file or directory; set identity_ca_dir" in str(problem)


class Refusing(Apache):
    """An Apache that does not take what it is given."""

    def reload(self) -> None:
        """Refuse."""
        raise ServiceError("a test", "no", "do not")


def test_apache_has_the_old_files_again_when_it_refuses_the_new(tmp_path: Path) -> None:
    assert refresh.install(tmp_path, {"a": "1"}, None)
    assert not refresh.install(tmp_path, {"a": "1"}, None)
    with pytest.raises(ServiceError):
        refresh.install(tmp_path, {"a": "2"}, Refusing("no", "no"))
    assert (tmp_path / "a").read_text() == "1"


def settings(tmp_path: Path, **changed: object) -> str:
    """A file of settings with the door for certificates; its path."""
    data = {
        "certificate": "",
        "key": "",
        "shibboleth": None,
        "state": str(tmp_path),
        "tokens": str(tmp_path / "tokens"),
        "certificates": {
            "directory": str(tmp_path / "ca"),
            "check": "chain",
            "urls": [],
            "rules": [{"name": "x", "match": [{"part": "CN_0", "pattern": "x"}], "user": "x"}],
        },
        **changed,
    }
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(data))
    return str(path)


def test_the_command_says_what_is_wrong_and_brings_what_is_good(
    tmp_path: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    place(tmp_path, ca=authority.certificate.read_text())
    words = ["--settings", settings(tmp_path)]
    assert cli.main(["check", *words]) == 1
    assert "so all would be refused; put it into" in capsys.readouterr().err
    assert cli.main(["refresh", *words]) == 1
    assert (tmp_path / gather.CA_FILE).read_text() == authority.certificate.read_text()
    (tmp_path / "ca" / "crl").write_text(authority.revoked.read_text())
    assert cli.main(["check", *words]) == 0
    assert cli.main(["refresh", *words]) == 0
    assert capsys.readouterr().out == "changed\nchanged\n"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"certificate": 1}'])
def test_settings_that_are_none_are_said(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "settings"
    path.write_text(text)
    assert cli.main(["check", "--settings", str(path)]) == 2
    assert "the settings of the doors:" in capsys.readouterr().err


def test_without_the_door_there_is_nothing_to_bring(tmp_path: Path) -> None:
    words = ["--settings", settings(tmp_path, certificates=None)]
    assert cli.main(["refresh", *words]) == 0
    assert cli.main(["check", *words]) == 0
    assert not (tmp_path / gather.CA_FILE).exists()


def test_a_certificate_has_to_hold_for_all_names_that_it_is_for(
    tmp_path: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = {
        name: [str(each) for each in authority.sign(name, ["CN=x"], kind="server", host=hosts)]
        for name, hosts in (("narrow", "p.org"), ("wide", "p.org *.s.org"), ("other", "q.org"))
    }

    def said(name: str, *domains: tuple[str, str]) -> str:
        given = [
            {"domain": domain, "certificate": pairs[each][0], "key": pairs[each][1]}
            for domain, each in domains
        ]
        certificate, key = pairs[name]
        door = {"certificate": certificate, "key": key, "host": "p.org", "services": "s.org"}
        path = settings(tmp_path, certificates=None, domains=given, **door)
        cli.main(["check", "--settings", path])
        return capsys.readouterr().err

    assert said("wide", ("q.org", "other")) == ""
    assert "narrow.pem does not hold for service--account.s.org; set" in said("narrow")
    assert "narrow.pem does not hold for q.org; set" in said("wide", ("q.org", "narrow"))
    assert "other.pem does not hold for p.org; set" in said("other")

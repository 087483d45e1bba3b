"""An authority, made by openssl, and what it signs: good certificates and all kinds of bad ones.

As a program it makes what a test site needs in a directory: `authority.py DIRECTORY`; for the test
cluster, whose sites have other names and ports: `authority.py DIRECTORY DOMAIN PORT`.
"""

from __future__ import annotations

import base64
import datetime
import subprocess
import sys
from pathlib import Path

PORTAL, PROVIDER = "portal.test", "idp.test"
ENTITY = f"https://{PROVIDER}/idp"
PEOPLE = ["DC=test", "DC=site", "O=Example Laboratory", "OU=People"]

_CONFIG = """\
[ca]
default_ca = this
[this]
database = {place}/index.txt
new_certs_dir = {place}
serial = {place}/serial
crlnumber = {place}/crlnumber
certificate = {place}/ca.pem
private_key = {place}/ca.key
default_md = sha256
default_days = 300
default_crl_days = 30
policy = any
unique_subject = no
email_in_dn = yes
string_mask = utf8only
[any]
commonName = optional
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = $ENV::SAN
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[req]
distinguished_name = names
string_mask = utf8only
[names]
"""

_METADATA = """\
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"{attributes}
  entityID="{entity}">
 <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
  <Extensions>{scope}</Extensions>
  <KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>
  <SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{base}/SingleLogoutService.php"/>
  <NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</NameIDFormat>
  <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{base}/SSOService.php"/>
 </IDPSSODescriptor>
</EntityDescriptor>
"""  # noqa: E501
_SCOPE = (
    '<shibmd:Scope xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" regexp="false">{}</shibmd:Scope>'
)


class Authority:
    """An authority in a directory of its own.

    Args:
        place: the directory.
        name: its subject, as fields `TYPE=value`.
    """

    def __init__(self, place: Path, name: list[str] | None = None) -> None:
        self.place = place
        self.certificate = place / "ca.pem"
        self.revoked = place / "crl.pem"
        if self.certificate.exists():
            return
        place.mkdir(parents=True, exist_ok=True)
        (place / "openssl.cnf").write_text(_CONFIG.format(place=place))
        (place / "index.txt").write_text("")
        (place / "serial").write_text("1000\n")
        (place / "crlnumber").write_text("1000\n")
        self.key("ca")
        subject = subject_of(name or ["DC=test", "DC=site", "CN=Authority"])
        self._openssl(
            *("req", "-x509", "-utf8", "-subj", subject, "-days", "300", "-key", f"{place}/ca.key"),
            *("-config", f"{place}/openssl.cnf", "-extensions", "authority"),
            *("-out", str(self.certificate)),
        )
        self.publish()

    def key(self, name: str, rsa: bool = False) -> Path:
        """A new key."""
        path = self.place / f"{name}.key"
        kind = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        if rsa:
            kind = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        self._openssl("genpkey", "-algorithm", *kind, "-out", str(path))
        return path

    def sign(
        self,
        name: str,
        subject: list[str],
        kind: str = "client",
        host: str = "",
        since: datetime.timedelta = datetime.timedelta(hours=-1),
        until: datetime.timedelta = datetime.timedelta(days=200),
    ) -> tuple[Path, Path]:
        """A certificate and its key.

        Args:
            name: of their files.
            subject: fields `TYPE=value`, in the order of the certificate.
            kind: "client", "server" or "authority".
            host: name of a server, or several with blanks between them.
            since: from when on it holds, from now.
            until: until when.
        """
        key, request, path = self.key(name), self.place / f"{name}.csr", self.place / f"{name}.pem"
        config = ["-config", f"{self.place}/openssl.cnf"]
        self._openssl(
            *("req", "-new", "-utf8", "-subj", subject_of(subject), "-key", str(key), *config),
            *("-out", str(request)),
        )
        now = datetime.datetime.now(datetime.UTC)
        times = [f"{now + each:%Y%m%d%H%M%SZ}" for each in (since, until)]
        self._openssl(
            *("ca", "-batch", "-notext", "-utf8", "-preserveDN", "-in", str(request), *config),
            *("-extensions", kind, "-startdate", times[0], "-enddate", times[1]),
            *("-out", str(path)),
            san=",".join(f"DNS:{each}" for each in (host or "none").split()),
        )
        return path, key

    def pack(self, certificate: Path, key: Path) -> None:
        """Write both into one file, as browsers take them; its password is `secret`."""
        path = certificate.with_suffix(".p12")
        pair = ["-in", str(certificate), "-inkey", str(key)]
        self._openssl("pkcs12", "-export", *pair, "-out", str(path), "-passout", "pass:secret")

    def revoke(self, certificate: Path) -> None:
        """Revoke a certificate and publish it."""
        self._openssl("ca", "-config", f"{self.place}/openssl.cnf", "-revoke", str(certificate))
        self.publish()

    def publish(self, *options: str, path: Path | None = None) -> Path:
        """Write the list of revoked certificates."""
        path = path or self.revoked
        config = ["-config", f"{self.place}/openssl.cnf"]
        self._openssl("ca", *config, "-gencrl", *options, "-out", str(path))
        return path

    def self_signed(self, name: str, subject: list[str], rsa: bool = False) -> tuple[Path, Path]:
        """A certificate that no authority signed, for 300 days."""
        key, path = self.key(name, rsa), self.place / f"{name}.pem"
        self._openssl(
            *("req", "-x509", "-utf8", "-subj", subject_of(subject), "-days", "300"),
            *("-config", f"{self.place}/openssl.cnf", "-extensions", "client"),
            *("-key", str(key), "-out", str(path)),
        )
        return path, key

    def _openssl(self, *argv: str, san: str = "DNS:none") -> None:
        env = {"PATH": "/usr/bin:/bin", "SAN": san, "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            ["openssl", *argv], capture_output=True, text=True, check=False, env=env, timeout=60
        )
        assert done.returncode == 0, done.stderr


def subject_of(fields: list[str]) -> str:
    """A subject as openssl's -subj wants it."""
    escaped = [
        each.replace("\\", "\\\\").replace("/", "\\/").replace("+", "\\+") for each in fields
    ]
    return "".join(f"/{each}" for each in escaped)


def metadata(
    certificate: Path,
    scope: str = "site.test",
    entity: str = ENTITY,
    attributes: str = "",
    place: str = PROVIDER,
) -> str:
    """What the provider says of itself."""
    der = "".join(certificate.read_text().split("-----")[2].split())
    assert base64.b64decode(der)
    return _METADATA.format(
        entity=entity,
        certificate=der,
        scope=_SCOPE.format(scope) if scope else "",
        base=f"https://{place}/simplesaml/saml2/idp",
        attributes=f" {attributes}" if attributes else "",
    )


def make(place: Path) -> None:
    """Make everything that the scenario needs, unless it is there."""
    authority = Authority(place)
    if not (place / "idp-metadata.xml").exists():
        for host, name in ((PORTAL, "portal"), (PROVIDER, "idp")):
            authority.sign(name, [f"CN={host}"], kind="server", host=host)
        # Providers sign with RSA.
        signing, _ = authority.self_signed("saml", [f"CN={PROVIDER}"], rsa=True)
        (place / "idp-metadata.xml").write_text(metadata(signing))


def make_for_cluster(place: Path, domain: str, port: str) -> None:
    """Make everything that the test cluster needs, unless it is there.

    Args:
        place: the directory.
        domain: of the portal, of the services, and of two providers that say the same of people.
            The portal's certificate holds for the domain https.test as well.
        port: of the providers.
    """
    authority = Authority(place)
    # What it says to be revoked does not hold for long.
    authority.publish()
    if (place / "idp-metadata.xml").exists():
        return
    portal = f"portal.{domain}"
    services = f"{portal} *.services.{domain} https.test"
    authority.sign("portal", [f"CN={portal}"], kind="server", host=services)
    providers = [f"idp.{domain}", f"guest.{domain}"]
    authority.sign("idp", [f"CN={providers[0]}"], kind="server", host=" ".join(providers))
    for user in ("alice", "bob"):
        name = [f"CN={user.capitalize()} Example", f"CN=UID:{user}"]
        authority.pack(*authority.sign(user, [*PEOPLE, *name]))
    signing, _ = authority.self_signed("saml", [f"CN={providers[0]}"], rsa=True)
    said = [
        metadata(signing, domain, f"https://{each}:{port}/idp", place=f"{each}:{port}")
        for each in providers
    ]
    xmlns = "urn:oasis:names:tc:SAML:2.0:metadata"
    text = f'<EntitiesDescriptor xmlns="{xmlns}">\n{"".join(said)}</EntitiesDescriptor>\n'
    (place / "idp-metadata.xml").write_text(text)


if __name__ == "__main__":
    directory = Path(sys.argv[1]).resolve()
    if sys.argv[2:]:
        make_for_cluster(directory, *sys.argv[2:])
    else:
        make(directory)

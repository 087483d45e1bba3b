"""What OpenSSL says of certificates and lists of revoked ones: the one place that runs it."""

from __future__ import annotations

import datetime
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sciportal.identity.authorities import Authority, Revocations
from sciportal.service import processes
from sciportal.service.errors import ServiceError

_ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_TIMEOUT = 30.0
_NAMES = ["-nameopt", "RFC2253"]
_BLOCK = re.compile(
    r"-----BEGIN (CERTIFICATE|TRUSTED CERTIFICATE|X509 CRL)-----\r?\n.*?\r?\n-----END \1-----",
    re.DOTALL,
)


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """The certificates and lists in a file: what each is, and its PEM."""
    for found in _BLOCK.finditer(text):
        yield found[1], found[0].replace("\r", "") + "\n"


def pem(data: bytes, source: str) -> str:
    """A list of revoked certificates as PEM, whatever it comes as.

    Args:
        data: what came.
        source: from where, for the message.

    Raises:
        ServiceError: it is none.
    """
    if b"-----BEGIN X509 CRL-----" in data:
        return data.decode("ascii", errors="replace")
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        wanted = f"the list of revoked certificates at {source}"
        return _openssl(wanted, "crl", "-inform", "DER", "-in", file.name)


def authority(text: str, source: str) -> Authority:
    """A certificate of an authority.

    Raises:
        ServiceError: it is no certificate.
    """
    with _file(text) as path:
        said = _openssl(
            f"the certificate in {source}",
            *("x509", "-noout", "-subject", "-enddate", "-ext", "basicConstraints", *_NAMES),
            *("-in", path),
        )
    # An old root (version 1) says nothing of what it may; it signs by being trusted.
    signs = "CA:TRUE" in said or "Basic Constraints" not in said
    return Authority(text, _line(said, "subject"), _time(_line(said, "notAfter")), signs, source)


def revocations(text: str, authorities: str, source: str) -> Revocations:
    """A list of revoked certificates.

    Args:
        text: its PEM.
        authorities: the PEM of all authorities one of which may have signed it.
        source: where it comes from, for messages.

    Raises:
        ServiceError: it is none.
    """
    with _file(text) as path, _file(authorities) as trusted:
        asked = ["-issuer", "-lastupdate", "-nextupdate", "-crlnumber", *_NAMES]
        said = _openssl(
            f"the list of revoked certificates in {source}", "crl", "-noout", *asked, "-in", path
        )
        signed = _run(["crl", "-noout", "-CAfile", trusted, "-in", path])
    end = _line(said, "nextUpdate")
    return Revocations(
        text,
        _line(said, "issuer"),
        _time(_line(said, "lastUpdate")),
        None if end == "NONE" else _time(end),
        "verify OK" in signed.err + signed.out,
        source,
        _number(_line(said, "crlNumber")),
    )


def pair_problem(certificate: Path, key: Path) -> str:
    """Why a certificate and a key do not belong together; empty if they do."""
    of_certificate = _run(["x509", "-noout", "-pubkey", "-in", str(certificate)])
    of_key = _run(["pkey", "-pubout", "-in", str(key), "-passin", "pass:"])
    if not of_certificate.ok:
        return f"{certificate} is no certificate"
    if not of_key.ok:
        return f"{key} is no key, or needs a password"
    if of_certificate.out != of_key.out:
        return f"{key} is not the key of {certificate}"
    if not _run(["x509", "-noout", "-checkend", "0", "-in", str(certificate)]).ok:
        return f"{certificate} has expired"
    return ""


def name_problem(certificate: Path, host: str) -> str:
    """Why browsers would not take a certificate for a host; empty if they would."""
    said = _run(["x509", "-noout", "-checkhost", host, "-in", str(certificate)]).out
    return "" if " does match " in said else f"{certificate} does not hold for {host}"


def signature_problem(metadata: Path, certificate: Path) -> str:
    """Why metadata is not what the holder of a certificate signed; empty if it is."""
    argv = ["samlsign", "-f", str(metadata), "-c", str(certificate)]
    try:
        done = processes.run(argv, env=_ENV, timeout=_TIMEOUT)
    except OSError as error:
        return f"samlsign: {error.strerror}"
    if done.ok:
        return ""
    lines = [line for line in (done.err + done.out).splitlines() if line.strip()]
    return f"it is not signed by the holder of {certificate} ({lines[-1].strip() if lines else ''})"


def _openssl(wanted: str, *argv: str) -> str:
    done = _run(list(argv))
    if not done.ok:
        found = done.problem or (done.err.splitlines() or ["exit status 1"])[0]
        raise ServiceError(wanted, f"openssl cannot read it ({found})", "replace it by a good one")
    return done.out


def _run(argv: list[str]) -> processes.Result:
    # A list of an authority that revoked much is long.
    return processes.run(["openssl", *argv], env=_ENV, timeout=_TIMEOUT, limit=1 << 26)


class _file:  # noqa: N801  # a context manager that reads as a function
    def __init__(self, text: str) -> None:
        self._text = text

    def __enter__(self) -> str:
        self._kept = tempfile.NamedTemporaryFile("w", encoding="ascii", errors="replace")
        self._kept.write(self._text)
        self._kept.flush()
        return self._kept.name

    def __exit__(self, *_: object) -> None:
        self._kept.close()


def _number(text: str) -> int:
    """A number as OpenSSL writes it: hexadecimal, `<NONE>` for none."""
    return int(text, 16) if re.fullmatch(r"(?:0x)?[0-9A-Fa-f]+", text) else 0


def _line(said: str, name: str) -> str:
    found = re.search(rf"^{name}=\s*(.*)$", said, re.MULTILINE)
    return found[1].strip() if found else ""


def _time(text: str) -> datetime.datetime:
    """A time as OpenSSL writes it: `Nov 22 01:00:58 2026 GMT`."""
    return datetime.datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=datetime.UTC)

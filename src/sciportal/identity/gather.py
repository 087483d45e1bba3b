"""Authorities and lists of revoked certificates from where the site has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sciportal.identity import authorities, fetch, openssl
from sciportal.identity.authorities import Authority, Revocations
from sciportal.identity.settings import Certificates
from sciportal.service.errors import ServiceError

CA_FILE = "authorities.pem"
CRL_FILE = "revoked.pem"


class Found(NamedTuple):
    """All that there is."""

    authorities: list[Authority]
    lists: list[Revocations]
    problems: list[ServiceError]
    """What could not be read or fetched."""

    def files(self) -> dict[str, str]:
        """What Apache is to read, by the name of its file."""
        kept = authorities.trusted(self.authorities)
        lists = authorities.newest(self.lists, kept)
        return {
            CA_FILE: "".join(each.pem for each in kept),
            CRL_FILE: "".join(each.pem for each in lists),
        }


def gather(given: Certificates, state: Path) -> Found:
    """Read the directory, the addresses, and the lists that Apache has now.

    Those count as well: an address that is silent for a while opens no door and closes none.

    Args:
        given: where to look.
        state: the directory from which Apache reads.
    """
    found = Found([], [], [])
    lists = []
    for source, text in _texts(Path(given.directory), found.problems):
        for kind, pem in openssl.blocks(text):
            if kind == "X509 CRL":
                lists.append((source, pem))
                continue
            try:
                found.authorities.append(openssl.authority(pem, source))
            except ServiceError as error:
                found.problems.append(error)
    if given.check == "none":
        return found
    lists += _fetched(given.urls, found.problems)
    lists = [("", pem) for pem in _kept(state / CRL_FILE)] + lists
    trusted = "".join(each.pem for each in authorities.trusted(found.authorities))
    for source, pem in lists:
        try:
            found.lists.append(openssl.revocations(pem, trusted, source))
        except ServiceError as error:
            found.problems.append(error)
    return found


def _texts(directory: Path, problems: list[ServiceError]) -> Iterator[tuple[str, str]]:
    """The files of a directory, which are the site's own."""
    try:
        paths = sorted(path for path in directory.iterdir() if path.is_file())
        for path in paths:
            yield str(path), path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        problems.append(
            ServiceError(
                "the authorities that sign people's certificates",
                f"{error.filename}: {error.strerror}",
                "set identity_ca_dir to the directory of their certificates",
            )
        )


def _fetched(urls: tuple[str, ...], problems: list[ServiceError]) -> list[tuple[str, str]]:
    found = []
    for url in urls:
        try:
            text = openssl.pem(fetch.fetch("a list of revoked certificates", url), url)
            found += [(url, pem) for kind, pem in openssl.blocks(text) if kind == "X509 CRL"]
        except ServiceError as error:
            problems.append(error)
    return found


def _kept(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return []
    return [pem for _kind, pem in openssl.blocks(text)]

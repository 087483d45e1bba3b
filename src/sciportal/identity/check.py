"""Whether the doors may be made as the settings say."""

from __future__ import annotations

import datetime
import pwd
import tempfile
from pathlib import Path

from sciportal.identity import accounts, authorities, fetch, gather, metadata, openssl, rules
from sciportal.identity.settings import Certificates, Door, Settings, Shibboleth
from sciportal.service.errors import ServiceError


def problems(settings: Settings, now: datetime.datetime) -> list[ServiceError]:
    """What is wrong with the settings and with what they name.

    Args:
        settings: the doors.
        now: the time, with its zone.
    """
    found = [problem for door in settings.doors for problem in _of_door(door)]
    found += accounts.problems(settings.accounts, _is_account_here)
    if settings.shibboleth:
        found += _of_shibboleth(settings.shibboleth, now)
    if settings.certificates:
        found += rules.problems(settings.certificates.rules)
        found += of_certificates(
            settings.certificates, gather.gather(settings.certificates, settings.state), now
        )
    return found


def of_certificates(
    given: Certificates, there: gather.Found, now: datetime.datetime
) -> list[ServiceError]:
    """What is wrong with authorities and lists of revoked certificates.

    Args:
        given: where they are from.
        there: what was found.
        now: the time, with its zone.
    """
    return there.problems + authorities.problems(
        there.authorities,
        there.lists,
        now,
        place=given.directory,
        revocation=given.check != "none",
    )


def _is_account_here(name: str) -> bool:
    try:
        return pwd.getpwnam(name).pw_uid != 0
    except KeyError:
        return False


def _of_door(door: Door) -> list[ServiceError]:
    if not door.certificate:
        return []
    certificate = Path(door.certificate)
    found = openssl.pair_problem(certificate, Path(door.key))
    said = [found] if found else [openssl.name_problem(certificate, each) for each in door.hosts]
    advice = "set identity_certificate and identity_key, or those of the domain, to a good pair"
    return [ServiceError("the certificate of this server", each, advice) for each in said if each]


def _of_shibboleth(given: Shibboleth, now: datetime.datetime) -> list[ServiceError]:
    wanted = "the metadata of the identity provider"
    from_elsewhere = fetch.is_url(given.metadata)
    if from_elsewhere and not given.certificate:
        found = f"{given.metadata} can change at any time, and nobody checks who wrote it"
        advice = "set identity_metadata_certificate, or fetch it by hand and give the path"
        return [ServiceError(wanted, found, advice)]
    wish = metadata.Wish(given.entity, given.scoped, bounded=from_elsewhere)
    try:
        text = _read(wanted, given.metadata, from_elsewhere)
        said = metadata.problems(metadata.providers(text), now, wish)
    except ServiceError as error:
        return [error]
    if given.certificate:
        with tempfile.NamedTemporaryFile(suffix=".xml") as file:
            file.write(text)
            file.flush()
            problem = openssl.signature_problem(Path(file.name), Path(given.certificate))
        if problem:
            said.append(
                ServiceError(wanted, problem, "do not use it; ask who should have signed it")
            )
    return said


def _read(wanted: str, place: str, from_elsewhere: bool) -> bytes:
    if from_elsewhere:
        return fetch.fetch(wanted, place)
    try:
        return Path(place).read_bytes()
    except OSError as error:
        advice = "put it there, or set identity_metadata"
        raise ServiceError(wanted, f"{place}: {error.strerror}", advice) from error

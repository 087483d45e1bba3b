"""What identity providers say of themselves: SAML metadata."""

from __future__ import annotations

import datetime
import xml.etree.ElementTree as ET
from typing import NamedTuple

from sciportal.service.errors import ServiceError

_MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_SCOPE = "{urn:mace:shibboleth:metadata:1.0}Scope"
_WANTED = "the metadata of the identity provider"
_TOO_LONG = datetime.timedelta(days=30)


class Provider(NamedTuple):
    """An identity provider in the metadata."""

    entity: str
    expires: datetime.datetime | None
    """The earliest end that it, or what it stands in, has."""
    has_scope: bool
    """Whether it says for which scopes it speaks; without that, scoped attributes are dropped."""


class Wish(NamedTuple):
    """What the site needs of the metadata."""

    entity: str = ""
    """The provider that people sign in at; any where they choose."""
    scoped: bool = False
    """Whether a scoped attribute says who the user is."""
    bounded: bool = False
    """Whether it has to say until when it holds: nobody may serve old metadata for ever."""


def providers(text: bytes) -> list[Provider]:
    """The identity providers in a file of metadata.

    Raises:
        ServiceError: it is no metadata.
    """
    # Entities of a document type are of no use here, and of much use to an attacker.
    if b"<!DOCTYPE" in text:
        raise _error("it has a document type", "ask who made it for metadata without one")
    try:
        root = ET.fromstring(text)  # noqa: S314
    except ET.ParseError as error:
        raise _error(f"it is no XML ({error})", "fetch it again") from error
    if root.tag not in (f"{_MD}EntityDescriptor", f"{_MD}EntitiesDescriptor"):
        raise _error(f"it is no SAML 2.0 metadata but <{root.tag}>", "fetch it again")
    return _below(root, None)


def problems(given: list[Provider], now: datetime.datetime, wish: Wish) -> list[ServiceError]:
    """What keeps the providers from being used.

    Args:
        given: the providers.
        now: the time, with its zone.
        wish: what is needed.
    """
    found: list[ServiceError] = []
    if not given:
        return [_error("no identity provider is in it", "fetch that of an identity provider")]
    chosen = [each for each in given if not wish.entity or each.entity == wish.entity]
    if not chosen:
        there = ", ".join(each.entity for each in given[:3])
        found.append(
            _error(f"'{wish.entity}' is not in it, but {there}", "set identity_idp to one of them")
        )
    lasting = [each for each in chosen if each.expires is None or each.expires > now]
    if chosen and not lasting:
        end = max(each.expires for each in chosen if each.expires)
        found.append(_error(f"it expired at {end:%Y-%m-%d %H:%M} UTC", "fetch it again"))
    if wish.bounded and any(
        each.expires is None or each.expires > now + _TOO_LONG for each in lasting
    ):
        found.append(
            _error(
                f"it does not end (validUntil) within {_TOO_LONG.days} days",
                "fetch it by hand and give the path of the file",
            )
        )
    if wish.scoped and lasting and not any(each.has_scope for each in lasting):
        found.append(
            _error(
                "it names no scope (shibmd:Scope), so scoped attributes would be dropped",
                "ask the provider to add it, or take another attribute for identity_user_attribute",
            )
        )
    return found


def _below(element: ET.Element, end: datetime.datetime | None) -> list[Provider]:
    own = _time(element.get("validUntil"))
    ends = [each for each in (end, own) if each]
    end = min(ends) if ends else None
    if element.tag == f"{_MD}EntityDescriptor":
        role = element.find(f"{_MD}IDPSSODescriptor")
        if role is None:
            return []
        ends += [each for each in [_time(role.get("validUntil"))] if each]
        scopes = [
            element.find(f"{place}{_MD}Extensions/{_SCOPE}") for place in ("", role.tag + "/")
        ]
        has_scope = any(each is not None for each in scopes)
        return [Provider(element.get("entityID", ""), min(ends) if ends else None, has_scope)]
    return [provider for child in element for provider in _below(child, end)]


def _time(text: str | None) -> datetime.datetime | None:
    if text is None:
        return None
    try:
        found = datetime.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise _error(f"'{text}' is no time", "fetch it again") from error
    # SAML's times are UTC whether they say so or not.
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def _error(found: str, advice: str) -> ServiceError:
    return ServiceError(_WANTED, found, advice)

"""Metadata of identity providers: which of it may be used."""

from __future__ import annotations

import datetime

import pytest

from sciportal.identity import metadata
from sciportal.identity.metadata import Wish
from sciportal.service.errors import ServiceError

NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
SPACE = 'xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:s="urn:mace:shibboleth:metadata:1.0"'


def entity(name: str, attributes: str = "", role: str = "IDP", scope: str = "") -> str:
    """An entity of a provider, or of a service."""
    scoped = f"<Extensions><s:Scope>{scope}</s:Scope></Extensions>" if scope else ""
    inside = f"<{role}SSODescriptor>{scoped}</{role}SSODescriptor>"
    head = f'<EntityDescriptor {SPACE} entityID="{name}" {attributes}>'
    return f"{head}{inside}</EntityDescriptor>"


def said(text: str, **wish: object) -> str:
    """What is wrong with it at NOW."""
    found = metadata.problems(metadata.providers(text.encode()), NOW, Wish(**wish))  # type: ignore[arg-type]
    return " | ".join(map(str, found))


def test_a_provider_is_taken() -> None:
    assert said(entity("a")) == ""
    assert said(entity("a"), entity="a") == ""
    assert (
        said(
            f"<EntitiesDescriptor {SPACE}>{entity('a')}{entity('b')}</EntitiesDescriptor>",
            entity="b",
        )
        == ""
    )


def test_another_provider_is_not_the_wanted_one() -> None:
    assert "'b' is not in it, but a" in said(entity("a"), entity="b")


def test_services_are_no_providers() -> None:
    assert "no identity provider is in it" in said(entity("a", role="SP"))


@pytest.mark.parametrize(
    "end",
    [
        "2029-12-31T23:59:59Z",
        "2030-01-01T00:00:00Z",
        "2029-12-31T23:59:59",
        "2030-01-01T01:00:00+02:00",
    ],
)
def test_what_has_expired_is_refused(end: str) -> None:
    assert "it expired at" in said(entity("a", f'validUntil="{end}"'))


def test_the_earliest_end_counts() -> None:
    inner = entity("a", 'validUntil="2040-01-01T00:00:00Z"')
    head = f'<EntitiesDescriptor {SPACE} validUntil="2029-01-01T00:00:00Z">'
    text = f"{head}{inner}</EntitiesDescriptor>"
    assert "it expired at 2029-01-01" in said(text)


def test_one_that_expired_among_good_ones_does_no_harm() -> None:
    old = entity("a", 'validUntil="2029-01-01T00:00:00Z"')
    text = f"<EntitiesDescriptor {SPACE}>{old}{entity('b')}</EntitiesDescriptor>"
    assert said(text) == ""
    assert "it expired" in said(text, entity="a")


@pytest.mark.parametrize(
    ("end", "taken"), [("2030-01-20", True), ("2030-02-20", False), ("", False)]
)
def test_what_comes_from_an_address_has_to_end_soon(end: str, taken: bool) -> None:
    text = entity("a", f'validUntil="{end}T00:00:00Z"' if end else "")
    assert (said(text, bounded=True) == "") == taken


def test_a_scope_is_wanted_where_an_attribute_is_scoped() -> None:
    assert "names no scope" in said(entity("a"), scoped=True)
    assert said(entity("a", scope="example.org"), scoped=True) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "it is no XML"),
        ("<a>", "it is no XML"),
        ("<a/>", "it is no SAML 2.0 metadata but <a>"),
        ("<!DOCTYPE a []><a/>", "it has a document type"),
        (entity("a", 'validUntil="soon"'), "'soon' is no time"),
    ],
)
def test_what_is_no_metadata_is_refused(text: str, found: str) -> None:
    with pytest.raises(ServiceError, match=found):
        metadata.providers(text.encode())

"""Certificate authorities, and what they revoked: which of it is fit for Apache."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sciportal.service.errors import ServiceError


class Authority(NamedTuple):
    """A certificate of an authority."""

    pem: str
    subject: str
    expires: datetime.datetime
    signs: bool
    """Whether it may sign certificates at all."""
    source: str = ""


class Revocations(NamedTuple):
    """A list of revoked certificates (CRL)."""

    pem: str
    issuer: str
    made: datetime.datetime
    expires: datetime.datetime | None
    signed: bool
    """Whether one of the authorities signed it."""
    source: str = ""
    number: int = 0
    """It grows from list to list; of two of one second it tells the newer."""

    @property
    def age(self) -> tuple[datetime.datetime, int]:
        """What grows from list to list of one authority."""
        return self.made, self.number


def trusted(given: Iterable[Authority]) -> list[Authority]:
    """The authorities that sign certificates, each once, in an order that does not change."""
    found = {each.pem: each for each in given if each.signs}
    return sorted(found.values(), key=lambda each: (each.subject, each.pem))


def newest(given: Iterable[Revocations], authorities: Sequence[Authority]) -> list[Revocations]:
    """The last signed list of each authority; of equal ones, the first that is given."""
    names = {each.subject for each in authorities}
    last: dict[str, Revocations] = {}
    for each in given:
        known = last.get(each.issuer)
        if each.signed and each.issuer in names and (known is None or each.age > known.age):
            last[each.issuer] = each
    return sorted(last.values(), key=lambda each: each.issuer)


def problems(
    authorities: Sequence[Authority],
    lists: Sequence[Revocations],
    now: datetime.datetime,
    *,
    place: str,
    revocation: bool,
) -> list[ServiceError]:
    """What would keep people with good certificates out, or let others in.

    Args:
        authorities: all that were found.
        lists: all lists that were found.
        now: the time, with its zone.
        place: the directory of the authorities, for messages.
        revocation: whether each authority has to have a list.
    """
    kept = trusted(authorities)
    if not kept:
        return [
            ServiceError(
                "the authorities that sign people's certificates",
                f"{place} has no certificate of one (PEM)",
                "put the certificates there, or leave identity_ca_dir empty for no such door",
            )
        ]
    found = [
        ServiceError(
            f"the authority {each.subject}",
            f"its certificate expired at {_said(each.expires)}",
            f"replace it in {place}, or remove it",
        )
        for each in kept
        if each.expires <= now
    ]
    if revocation:
        found += _of_lists(kept, lists, now, place)
    return found


def _of_lists(
    kept: Sequence[Authority], lists: Sequence[Revocations], now: datetime.datetime, place: str
) -> list[ServiceError]:
    chosen = {each.issuer: each for each in newest(lists, kept)}
    found = [
        ServiceError(
            f"the list of what {each.issuer} revoked",
            f"{each.source or 'it'} is not signed by that authority",
            "fetch it again",
        )
        for each in lists
        if not each.signed and each.issuer not in chosen and each.issuer in _names(kept)
    ]
    bad = {each.wanted for each in found}
    for name in sorted(_names(kept)):
        wanted = f"the list of what {name} revoked"
        last = chosen.get(name)
        if last is None:
            if wanted not in bad:
                advice = f"put it into {place}, or its address into identity_crl_urls"
                found.append(ServiceError(wanted, "there is none, so all would be refused", advice))
        elif last.expires is not None and last.expires <= now:
            found.append(
                ServiceError(
                    wanted,
                    f"it expired at {_said(last.expires)}, so all would be refused",
                    "fetch a new one",
                )
            )
        elif last.made > now:
            found.append(
                ServiceError(
                    wanted, f"it holds from {_said(last.made)} on only", "look at the clock"
                )
            )
    return found


def _names(kept: Collection[Authority]) -> set[str]:
    return {each.subject for each in kept}


def _said(time: datetime.datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"

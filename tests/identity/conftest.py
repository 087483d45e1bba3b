"""The scenario's hosts, which `molecule create`, `prepare` and `converge` have made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from identity.authority import PEOPLE, PORTAL
from identity.check import PLACE, Check
from identity.site import DOOR, Site, Visitor


@pytest.fixture(scope="session")
def site() -> Site:
    """Both hosts."""
    return Site()


@pytest.fixture
def visitor(site: Site) -> Visitor:
    """Somebody new."""
    return Visitor(site)


@pytest.fixture(scope="session")
def jane(site: Site) -> tuple[Path, Path]:
    """A good certificate, of a person with a UID."""
    return site.authority.sign("jane", [*PEOPLE, "CN=Jane Doe", "CN=UID:jdoe"])


@pytest.fixture(scope="session")
def earlier(site: Site) -> Visitor:
    """Somebody who may have signed in for an earlier test."""
    return Visitor(site)


@pytest.fixture
def signed_in(earlier: Visitor) -> Visitor:
    """Somebody who signed in as jdoe, and is still: shibd forgets when it is restarted."""
    if earlier.ask(f"https://{PORTAL}/plain", follow=False).status != 200:
        earlier.cookies.clear()
        assert earlier.sign_in("jdoe").status == 200
    return earlier


@pytest.fixture
def of(site: Site) -> Callable[..., Visitor]:
    """A visitor with a certificate of this subject."""

    def of(name: str, *subject: str, **more: object) -> Visitor:
        return Visitor(site, site.authority.sign(name, list(subject), **more))  # type: ignore[arg-type]

    return of


@pytest.fixture
def place(site: Site) -> Iterator[str]:
    """A directory on the web host for what is wrong."""
    site.run(DOOR, ["mkdir", "-p", f"{PLACE}/empty", f"{PLACE}/state"])
    yield PLACE
    site.run(DOOR, ["rm", "-r", PLACE])


@pytest.fixture
def check(site: Site, place: str) -> Check:
    """The command on the web host."""
    return Check(site, place)

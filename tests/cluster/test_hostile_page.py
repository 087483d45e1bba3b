"""bob, signed in, visits a page of alice's that tries whatever a browser lets it do.

Her page is at a host of her own service, a neighbour of bob's: browsers send it his cookies, and
only the front end stands between.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from cluster.browser import Chromium
from cluster.doors import IDP, PORTAL, SERVICES, SIGN_IN
from cluster.test_access import reload
from cluster.testbed import WEB, Cluster, Service, wait_for

HERE = Path(__file__).parent
VAULT, TRAP = (f"https://{name}.{SERVICES}:{SIGN_IN}" for name in ("vault--bob", "trap--alice"))
DOORS_FILE = "/etc/apache2/sciportal/identity.conf"
TREASURE = "what only bob may see"
# Ways of reaching the service, and those of them by which a page reads what it answers.
REACHING = {"fetch", "blind", "form", "image", "script", "iframe", "window", "websocket", "worker"}
READING = {"fetch", "websocket", "worker"}
SERVER = '#!/bin/sh\n[ "$1" = main ] || exit 0\nexec python3 -m http.server "$PORT" -d ~/trap\n'


@pytest.fixture(scope="module")
def services(cluster: Cluster) -> Iterator[None]:
    """bob's vault, for him alone, and alice's trap, for whoever is signed in."""
    vault, trap = Service(cluster, "vault", "bob"), Service(cluster, "trap")
    vault.script((HERE / "vault.py").read_text())
    vault.settings('access = "owner"\n')
    trap.script(SERVER)
    trap.settings('access = "users"\n')
    page = (HERE / "trap/index.html").read_text()
    for name, place in (("VAULT", VAULT), ("PORTAL", PORTAL), ("PAGES", cluster.url)):
        page = page.replace(name, place)
    worker = (HERE / "trap/worker.js").read_text()
    cluster.lay("alice", "trap", {"index.html": page, "worker.js": worker})
    vault("deploy", "--wait")
    trap("deploy", "--wait")
    wait_for(lambda: cluster.get("/~bob:vault/").status == 302, 5)
    wait_for(lambda: cluster.get("/~alice:trap/").status == 302, 5)
    yield
    vault("purge", "--yes", "--no-archive")
    trap("purge", "--yes", "--no-archive")


@pytest.fixture
def bob(chromium: Chromium, services: None) -> Iterator[Page]:
    """bob's browser, in which he has signed in and used his vault."""
    with chromium.person() as page:
        page.goto(VAULT)
        page.fill("input[name=username]", "bob")
        page.fill("input[name=password]", "secret")
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{VAULT}/")
        assert TREASURE in page.inner_text("body")
        yield page


@pytest.fixture
def without_policy(cluster: Cluster) -> Iterator[None]:
    """Apache no longer asks which page asks."""
    here = cluster.run(WEB, ["cat", DOORS_FILE]).out
    lines = [line for line in here.splitlines() if not line.endswith(" refuse_strangers")]
    assert len(lines) < len(here.splitlines())
    reload(cluster, DOORS_FILE, "\n".join(lines) + "\n")
    yield
    reload(cluster, DOORS_FILE, here)


def attacked(page: Page) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """What the hostile page says that it got, and what reached the vault by then."""
    page.goto(f"{VAULT}/hits")
    before = len(json.loads(page.inner_text("body")))
    names = [each["name"] for each in page.context.cookies(PORTAL)]
    (session,) = [name for name in names if name.startswith("__Host-_shibsession")]
    page.goto(f"{TRAP}/")
    assert page.title() == "alice's page"
    found = page.evaluate("name => attack(name)", session.removeprefix("__Host-"))
    page.goto(f"{VAULT}/hits")
    return found, json.loads(page.inner_text("body"))[before:]


def is_signed_in(page: Page) -> bool:
    """Whether the door still knows the visitor."""
    page.goto(f"{PORTAL}/Shibboleth.sso/Session")
    return f"{IDP}/idp" in page.content()


def is_planted(cluster: Cluster) -> bool:
    """Whether bob has the token that the page wants him to have; he is without any then."""
    command = "/opt/sciportal/bin/sciportal-identity"
    said = cluster.run(WEB, [command, "revoke", "--account", "bob"]).out
    return any(line.endswith("  planted") for line in said.splitlines())


def test_without_the_policy_a_hostile_page_succeeds(
    bob: Page, without_policy: None, cluster: Cluster
) -> None:
    found, hits = attacked(bob)
    assert is_planted(cluster)
    assert {hit["way"] for hit in hits} == REACHING, (found, hits)
    # With bob's cookies, which browsers send as the hosts are neighbours.
    assert {hit["user"] for hit in hits} == {"bob"}
    assert {hit["site"] for hit in hits} <= {"same-site", ""}
    assert {way for way, text in found.items() if TREASURE in text} == READING
    assert not is_signed_in(bob)


def test_a_hostile_page_reads_nothing_and_does_nothing(bob: Page, cluster: Cluster) -> None:
    assert is_signed_in(bob)
    found, hits = attacked(bob)
    assert not is_planted(cluster)
    assert hits == []
    assert not [way for way, text in found.items() if TREASURE in text]
    # What the page planted is there, and neither the door nor the vault took it for a session.
    assert "_shibsession" in found["planting"]
    assert "__Host-" not in found["planting"]
    assert is_signed_in(bob)
    bob.goto(f"{VAULT}/page")
    assert TREASURE in bob.inner_text("body")


@pytest.mark.parametrize("link", ["link", "path"])
def test_links_of_the_same_page_work(bob: Page, link: str) -> None:
    bob.goto(f"{TRAP}/")
    bob.click(f"#{link}")
    bob.wait_for_url(f"{VAULT}/page?way={link}")
    assert TREASURE in bob.inner_text("body")

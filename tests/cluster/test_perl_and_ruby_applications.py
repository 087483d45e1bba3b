"""Mojolicious and Sinatra as services `uwsgi`, installed from data and used in a browser.

The front end of the test cluster maps alice.test and app.bob.test to the uwsgi of alice and bob.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cluster import applications
from cluster.browser import BOTH, Chromium, place_of
from cluster.data import by_root
from cluster.frameworks import MOJOLICIOUS, SINATRA
from cluster.testbed import Cluster, wait_for

pytestmark = [pytest.mark.uwsgi, pytest.mark.more]


@pytest.fixture(scope="module", autouse=True)
def services(cluster: Cluster) -> Iterator[None]:
    """alice has Mojolicious, bob Sinatra."""
    applications.prepare(cluster, "alice", "bob")
    perl = applications.service(cluster, "alice", MOJOLICIOUS)
    ruby = applications.service(cluster, "bob", SINATRA)
    by_root({"alice": [perl], "bob": [ruby]}).ok()
    for user in ("alice", "bob"):
        wait_for(lambda user=user: cluster.get(f"/~{user}:uwsgi/").status == 200, 15)
    yield
    for user in ("alice", "bob"):
        cluster.service(user, "purge", "--yes", "--no-archive", "uwsgi")
    applications.clean(cluster, "alice", "bob")


@BOTH
def test_a_perl_application_finds_what_the_profile_sets_and_knows_its_visitors(
    cluster: Cluster, chromium: Chromium, where: str
) -> None:
    place = place_of(cluster, where, "/~alice:uwsgi", "alice.test")
    with chromium.window(place) as window:
        window.open()
        window.shows("perl stranger")
        assert window.colour("p") == "rgb(128, 0, 128)"
        window.page.fill("[name=name]", "eve")
        window.press("Greet")
        window.shows("hello eve, nice to meet you")
        assert window.path == "greet/eve"
        window.page.reload()
        window.shows("hello eve, again")
        window.follow("back")
        window.shows("perl eve")
        assert window.path == ""
        assert window.cookies() == {"mojolicious": f"{place.prefix}/"}
        assert window.fetch("size", upload=300_000) == "300000"


@BOTH
def test_a_ruby_application_runs_with_what_a_manager_of_rubies_has_in_force(
    cluster: Cluster, chromium: Chromium, where: str
) -> None:
    place = place_of(cluster, where, "/~bob:uwsgi", "app.bob.test")
    with chromium.window(place) as window:
        window.open()
        assert window.text.startswith("mine /home/bob/"), window.text
        window.shows("stranger")
        assert window.colour("p") == "rgb(255, 0, 0)"
        window.page.fill("[name=name]", "eve")
        window.press("Greet")
        window.shows("hello eve")
        assert window.path == "greet/eve"
        window.follow("back")
        window.shows(" eve")
        assert window.path == ""
        assert window.cookies() == {"rack.session": f"{place.prefix}/"}
        assert window.fetch("size", upload=300_000) == "300000"

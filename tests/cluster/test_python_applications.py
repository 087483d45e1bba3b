"""Flask and Django as services `uwsgi`, and a WebSocket, installed from data and used in a browser.

The front end of the test cluster maps alice.test and app.bob.test to the uwsgi of alice and bob,
and wall.test to bob's service wall.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cluster import applications
from cluster.browser import BOTH, Chromium, place_of
from cluster.data import by_root
from cluster.frameworks import DJANGO, FLASK
from cluster.testbed import ROOT, Cluster, wait_for

pytestmark = [pytest.mark.uwsgi, pytest.mark.more]

# The example of the page "Writing your own type", as a service of one's own.
WALL = re.search(
    r"^```python\n(.*?)^```$",
    (ROOT / "docs/developers/types.md").read_text(),
    re.DOTALL | re.MULTILINE,
)


@pytest.fixture(scope="module", autouse=True)
def services(cluster: Cluster) -> Iterator[None]:
    """alice has Flask, bob Django and a page with a WebSocket."""
    assert WALL
    applications.prepare(cluster, "alice", "bob")
    wall = {"name": "wall", "script": WALL[1], "settings": {"access": "public"}}
    flask = applications.service(cluster, "alice", FLASK)
    django = applications.service(cluster, "bob", DJANGO)
    by_root({"alice": [flask], "bob": [django, wall]}).ok()
    for path in ("/~alice:uwsgi/", "/~bob:uwsgi/", "/~bob:wall/"):
        wait_for(lambda path=path: cluster.get(path).status == 200, 15)
    yield
    cluster.service("alice", "purge", "--yes", "--no-archive", "uwsgi")
    cluster.service("bob", "purge", "--yes", "--no-archive", "uwsgi", "wall")
    applications.clean(cluster, "alice", "bob")


FLASKS = ("/~alice:uwsgi", "alice.test")
DJANGOS = ("/~bob:uwsgi", "app.bob.test")
WALLS = ("/~bob:wall", "wall.test")


@BOTH
def test_a_flask_application_has_forms_sessions_and_static_files(
    cluster: Cluster, chromium: Chromium, where: str
) -> None:
    place = place_of(cluster, where, *FLASKS)
    with chromium.window(place) as window, chromium.window(place) as other:
        window.open()
        assert window.text.startswith(f"hello stranger {place.prefix}/static/style.css ")
        assert window.colour("body") == "rgb(0, 128, 0)"
        window.page.fill("[name=name]", "carol")
        window.press("Remember me")
        # The redirect leads back to the first page, which knows the session.
        window.shows("hello carol")
        assert window.path == ""
        assert window.cookies() == {"session": f"{place.prefix}/"}
        assert window.fetch("size", upload=2_000_000) == "2000000"
        other.open()
        other.shows("hello stranger")


@BOTH
def test_djangos_admin_is_logged_into_and_used(
    cluster: Cluster, chromium: Chromium, where: str
) -> None:
    place = place_of(cluster, where, *DJANGOS)
    with chromium.window(place) as window:
        window.open()
        window.follow("admin")
        assert window.path == f"admin/login/?next={place.prefix}/admin/"
        window.page.fill("[name=username]", "carol")
        window.page.fill("[name=password]", "a-secret")
        window.press("Log in")
        window.shows("Site administration")
        # It looks as its style sheets have it, whose fonts and scripts have arrived, too.
        assert window.colour("#header") == "rgb(255, 255, 204)"
        window.page.click("a[href$='/admin/notes/note/add/']")
        window.page.fill("[name=text]", f"written at the {where}")
        window.press("Save")
        window.shows("was added successfully")
        assert window.path == "admin/notes/note/"
        # The link of that message is spelled in another way, and yet she is still logged in.
        window.page.click(".messagelist a")
        window.page.wait_for_selector("[name=text]")
        assert "/change/" in window.path
        assert window.page.url.startswith(place.base)
        window.page.get_by_text("Log out", exact=True).first.click()
        window.shows("Logged out")
        window.open()
        window.shows(f"written at the {where}")
        assert window.colour("li") == "rgb(0, 0, 255)"
        assert "sessionid" not in window.cookies()


@BOTH
def test_links_and_redirects_of_django_are_right(
    cluster: Cluster, chromium: Chromium, where: str
) -> None:
    place = place_of(cluster, where, *DJANGOS)
    with chromium.window(place) as window:
        window.open()
        window.follow("away")
        window.shows(f"page 8 of {place.base}page/8/")
        # Django adds the slash, at the address that the visitor sees.
        window.open("page/9")
        window.shows(f"page 9 of {place.base}page/9/")
        assert window.path == "page/9/"


@BOTH
def test_what_one_visitor_writes_another_sees_by_a_websocket(
    cluster: Cluster, chromium: Chromium, where: str
) -> None:
    place = place_of(cluster, where, *WALLS)
    with chromium.window(place) as one, chromium.window(place) as other:
        one.open()
        other.open()
        assert "Board" in one.text
        other.page.wait_for_function("socket.readyState == 1")
        one.page.wait_for_function("socket.readyState == 1")
        for number in range(3):
            one.page.fill("[name=text]", f"message {number}")
            one.page.press("[name=text]", "Enter")
            other.shows(f"message {number}")
            one.shows(f"message {number}")


def test_a_cookie_for_everything_is_no_other_accounts_to_get_or_to_replace(
    cluster: Cluster, chromium: Chromium
) -> None:
    with chromium.window(place_of(cluster, "path", "", "")) as window:
        window.open("~alice:uwsgi/")
        window.page.fill("[name=name]", "carol")
        window.press("Remember me")
        window.shows("hello carol")
        # bob's page sets a cookie of the same name, for `/`, and tells which ones it got.
        for got in ("nothing", "session"):
            window.open("~bob:uwsgi/cookie")
            window.shows(f"got {got}")
        window.open("~alice:uwsgi/")
        window.shows("hello carol")

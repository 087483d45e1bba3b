"""People look after their services in the portal, which asks the real `sbatch-service`.

The page has no script; where a browser runs none, it is tried in such a one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from batch import own_slurm
from browser import hosting
from browser.hosting import OTHER, OWNER, URL, Hosting
from browser.looking import obstacles, picture, seen_obstacles, tab_to
from cluster.browser import Chromium

# Longer than the helper gives `sbatch-service`.
PATIENCE_MS = 60_000
HELLO = """
[ "$1" = main ] || exit 0
mkdir -p pages
echo "Serving pages of $USER"
exec python3 -m http.server "$PORT" --directory pages
"""
LONG = "a_line_without_any_space_" * 20
NOTES = f"""
[ "$1" = main ] || exit 0
printf 'The \\033[31mnotes\\033[0m of %s\\n<script>document.title = "mine"</script>\\n' "$USER"
echo {LONG}
exec sleep infinity
"""


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosting]:
    """A portal and its cluster, where alice has a service that runs and one that never did."""
    if own_slurm.missing():
        pytest.skip(f"no Slurm of its own: {own_slurm.missing()}")
    with hosting.made(tmp_path_factory.mktemp("portal")) as hosted:
        hosted.give("hello", HELLO, f'access = "public"\nport = {hosting.free_port()}\n')
        hosted.give("notes", NOTES, 'port = "none"\n')
        hosted.command("start", "--wait", "hello")
        yield hosted


@contextmanager
def window(chromium: Chromium, hosted: Hosting, **options: Any) -> Iterator[Page]:
    """Alice's, which shows her services."""
    hosted.whole.front.user = OWNER
    with chromium.person(**options) as page:
        page.set_default_timeout(PATIENCE_MS)
        page.goto(hosted.whole.url)
        page.get_by_role("link", name="Services").click()
        yield page


def of(page: Page, service: str) -> Locator:
    """The part of the page that is about a service."""
    return page.get_by_role("region", name=service, exact=True)


def until(page: Page, hosted: Hosting, is_so: Callable[[], bool], query: str = "") -> None:
    """Open the page anew until something is so."""

    def opened() -> bool:
        page.goto(f"{hosted.whole.url}/services.html{query}")
        return is_so()

    own_slurm.wait_for(opened)


def until_it_is(page: Page, hosted: Hosting, service: str, state: str) -> None:
    """Open the page anew until a service is in a state."""
    until(page, hosted, lambda: of(page, service).locator(".state").inner_text() == state)


def press(page: Page, verb: str, service: str) -> None:
    """Press a button of a service, and wait for what came of it."""
    with page.expect_navigation(url=re.compile(f"/services/{service}.html$")):
        page.get_by_role("button", name=f"{verb} {service}", exact=True).click()


def press_by_keyboard(page: Page, verb: str, service: str) -> None:
    """The same without a mouse."""
    tab_to(page, f"^{verb} {service}$")
    # The page may have this address already.
    with page.expect_navigation(url=re.compile(f"/services/{service}.html$")):
        page.keyboard.press("Enter")


def test_stop_start_restart_and_log(chromium: Chromium, hosted: Hosting) -> None:
    with window(chromium, hosted, java_script_enabled=False) as page:
        page.set_viewport_size({"width": 1100, "height": 800})
        expect(of(page, "hello").locator(".state")).to_have_text("Running")
        expect(of(page, "hello").get_by_role("link", name=f"{URL}/~alice:hello/")).to_be_visible()
        expect(of(page, "hello")).to_contain_text("everybody")
        page.get_by_role("link", name="Log of notes").click()
        page.wait_for_url("**log=notes*")
        expect(of(page, "notes")).to_contain_text("The log is empty.")
        page.get_by_role("link", name="Log of hello").click()
        page.wait_for_url("**log=hello*")
        log = page.get_by_role("region", name="Log", exact=True)
        expect(log).to_contain_text("Serving pages of alice")
        expect(of(page, "notes").locator(".state")).to_have_text("Stopped")
        picture(page, "services")
        press(page, "Stop", "hello")
        expect(page.get_by_role("status")).to_have_text("hello is being stopped.")
        assert page.evaluate("document.activeElement.id") == "outcome"
        until_it_is(page, hosted, "hello", "Stopped")
        assert not hosted.jobs("hello")
        press(page, "Start", "hello")
        expect(page.get_by_role("status")).to_have_text("hello is being started.")
        until_it_is(page, hosted, "hello", "Running")
        first = hosted.jobs("hello")
        press(page, "Restart", "hello")
        expect(page.get_by_role("status")).to_have_text("hello is being restarted.")
        until_it_is(page, hosted, "hello", "Running")
        assert len(hosted.jobs("hello")) == 1
        assert hosted.jobs("hello") != first


def test_by_keyboard_on_a_phone_also_where_slurm_refuses(
    chromium: Chromium, hosted: Hosting, axe: str
) -> None:
    with window(chromium, hosted, viewport={"width": 360, "height": 740}) as page:
        before = hosted.jobs("hello"), hosted.files()
        with hosted.refusing():
            press_by_keyboard(page, "Start", "notes")
            wrong = seen_obstacles(page, axe, "where Slurm refuses")
            outcome = page.get_by_role("status")
            expect(outcome).to_contain_text("start notes: the scheduler refused it: ")
            expect(outcome).to_contain_text("Required partition not available")
            expect(outcome).to_contain_text("; mend what it says")
            expect(of(page, "hello").locator(".state")).to_have_text("Running")
            expect(of(page, "notes").locator(".state")).to_have_text("Stopped")
            assert (hosted.jobs("hello"), hosted.files()) == before
            assert not hosted.jobs("notes")
        press_by_keyboard(page, "Start", "notes")
        until_it_is(page, hosted, "notes", "Running")
        tab_to(page, "^Log of notes$")
        page.keyboard.press("Enter")
        page.wait_for_url("**log=notes*")
        until(page, hosted, lambda: LONG in of(page, "notes").inner_text(), "?log=notes")
        expect(of(page, "notes")).to_contain_text(
            "The notes of alice\n<script>", use_inner_text=True
        )
        assert page.title() == "Services \u2013 Job portal"
        wrong += obstacles(page, axe, f"{hosted.whole.url}/services.html?log=notes")
        press_by_keyboard(page, "Stop", "notes")
        until_it_is(page, hosted, "notes", "Stopped")
        hosted.whole.front.user = OTHER
        wrong += obstacles(page, axe, f"{hosted.whole.url}/services.html")
        expect(page.locator("main")).to_contain_text("No services yet")
        assert not wrong

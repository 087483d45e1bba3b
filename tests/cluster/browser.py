"""Headless Chromium, in which tests use pages as a person does."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    Response,
    WebSocket,
    sync_playwright,
)

from cluster.testbed import ROOT, Cluster

# Debian's package of that name, and where tools/setup looks for it.
PROGRAM = "chromium-headless-shell"
SCREENSHOTS = ROOT / ".cache" / "screenshots"
# Every name is this machine, where the front end's port is: domains need no name server, and no
# page gets anything from elsewhere.
HERE = "MAP * 127.0.0.1"
ARGUMENTS = [
    "--disable-dev-shm-usage",
    # The test cluster's authority is nobody else's, and service workers want a good certificate.
    "--ignore-certificate-errors",
]
# For everything that is waited for.
PATIENCE_SECONDS = 30
# Run in each page: says all its links to the tests, in a way that people do not see.
LINK = "link of the page: "
LINKS = """
document.addEventListener("DOMContentLoaded", () => {
    for (const name of ["href", "src", "action"])
        for (const each of document.querySelectorAll(`[${name}]`))
            console.debug(LINK + new URL(each.getAttribute(name), document.baseURI));
});
"""


class Place(NamedTuple):
    """One address of a service."""

    origin: str
    prefix: str
    """What its paths begin with: `/~bob`, or nothing at a domain."""

    @property
    def base(self) -> str:
        """What the address of each of its pages begins with."""
        return f"{self.origin}{self.prefix}/"

    def has(self, url: str) -> bool:
        """Whether an address is one of its pages, in whatever spelling."""
        return unquote(url).startswith(self.base) or url == self.base[:-1]


def place_of(cluster: Cluster, where: str, path: str, domain: str) -> Place:
    """The place of a service at its `path`, such as `/~bob:wall`, or at its `domain`."""
    if where == "path":
        return Place(cluster.url, path)
    return Place(re.sub(r"//[^:/]+", f"//{domain}", cluster.url), "")


def leads_astray(place: Place, link: str) -> bool:
    """Whether a link leads out of a place, and not to somewhere else in the world."""
    target = urlsplit(link)
    if target.scheme not in ("http", "https") or place.has(link):
        return False
    name = target.hostname or ""
    return "." not in name or name.endswith(".test") or name.replace(".", "").isdigit()


# A test of both addresses of a service.
BOTH = pytest.mark.parametrize("where", ["path", "domain"])


class Window:
    """One page of a person who is at one place, with all that went wrong in it.

    What goes wrong: an answer of 400 or more, a request that fails or leaves the place, a link
    that does, and whatever the page says on the console as an error.
    """

    def __init__(self, context: BrowserContext, place: Place) -> None:
        self.place = place
        self.wrong: list[str] = []
        self._context = context
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        context.add_init_script(LINKS.replace("LINK", json.dumps(LINK)))
        self.page: Page = context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(f"a script fails: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("websocket", self._opened)
        self.page.on("response", self._answered)
        self.page.on("requestfailed", self._failed)

    def open(self, path: str = "") -> None:
        """Go to a path of the place, as typed."""
        self.page.goto(self.place.base + path)

    @property
    def path(self) -> str:
        """The path below the place at which the person has arrived, with its query."""
        return unquote(self.page.url.removeprefix(self.place.base))

    @property
    def text(self) -> str:
        """The words of the page."""
        return self.page.inner_text("body")

    def shows(self, words: str) -> None:
        """Wait until these words are on the page."""
        self.page.get_by_text(words).first.wait_for()

    def press(self, name: str) -> None:
        """Press the button of this name."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def follow(self, name: str) -> None:
        """Follow the link of this name."""
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def colour(self, selector: str) -> str:
        """The colour of the first such element, which a style sheet gives it."""
        return str(self.page.eval_on_selector(selector, "each => getComputedStyle(each).color"))

    def fetch(self, path: str, upload: int = 0) -> str:
        """What a script of the page gets from a path, to which it sends so many bytes."""
        how = "([where, n]) => fetch(where, n ? {method: 'POST', body: 'x'.repeat(n)} : {})"
        told = [self.place.base + path, upload]
        return str(self.page.evaluate(f"{how}.then(answer => answer.text())", told))

    def cookies(self) -> dict[str, str]:
        """The paths for which the person has cookies, by their names."""
        return {each["name"]: each["path"] for each in self._context.cookies()}

    def assert_right(self) -> None:
        """Nothing has gone wrong, and each cookie is for this place alone."""
        assert not self.wrong
        for each in self._context.cookies():
            assert each["path"].startswith(f"{self.place.prefix}/"), each
            assert each["domain"] == urlsplit(self.place.origin).hostname, each

    def _said(self, message: ConsoleMessage) -> None:
        link = message.text.removeprefix(LINK)
        if link != message.text and leads_astray(self.place, link):
            self.wrong.append(f"a link leads out of {self.place.base}: {link}")
        # An answer of 400 or more is said as well, with less.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.wrong.append(f"on the console: {message.text}")

    def _asked(self, url: str) -> None:
        if not self.place.has(url) and not url.startswith(("data:", "blob:")):
            self.wrong.append(f"a request leaves {self.place.base}: {url}")

    def _opened(self, socket: WebSocket) -> None:
        self._asked(re.sub("^ws", "http", socket.url))

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.wrong.append(f"{response.status} for {response.url}")

    def _failed(self, request: Request) -> None:
        # A person who goes on does not wait for the rest of a page.
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"{request.failure} for {request.url}")


class Chromium:
    """One browser, whose windows share nothing."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @contextmanager
    def window(self, place: Place) -> Iterator[Window]:
        """A person's window; it is looked at as a whole when it is closed.

        A test that fails meanwhile shows what went wrong in it, and leaves a picture of it.
        """
        context = self._browser.new_context()
        window = Window(context, place)
        try:
            yield window
            window.assert_right()
        except BaseException as problem:
            problem.add_note(_evidence(window))
            raise
        finally:
            context.close()

    @contextmanager
    def person(self, **options: Any) -> Iterator[Page]:
        """A page of somebody who takes every certificate, and in which anything may go wrong.

        Args:
            options: of Playwright's context.
        """
        context = self._browser.new_context(**options)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        try:
            yield context.new_page()
        finally:
            context.close()


def _evidence(window: Window) -> str:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    number = len(list(SCREENSHOTS.iterdir())) + 1
    picture = SCREENSHOTS / f"{number}.png"
    # A page that is gone has no picture.
    with suppress(Error):
        window.page.screenshot(path=picture)
    lines = [f"The window is at {window.page.url}; its picture is {picture}.", *window.wrong]
    return "\n".join(lines)


@contextmanager
def started(addresses: Mapping[str, str] | None = None) -> Iterator[Chromium]:
    """Headless Chromium, until the end of the block.

    Args:
        addresses: of hosts that are not this machine, by their names.
    """
    rules = [*(f"MAP {name} {each}" for name, each in (addresses or {}).items()), HERE]
    arguments = [f"--host-resolver-rules={', '.join(rules)}", *ARGUMENTS]
    program = shutil.which(PROGRAM)
    if not program:
        pytest.fail(f"these tests want {PROGRAM}, which is not installed: run tools/setup browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield Chromium(browser)
        finally:
            browser.close()

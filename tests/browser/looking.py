"""How tests look at a page: by keyboard, on a phone, with axe-core, and for the documentation."""

from __future__ import annotations

import os
import re

from playwright.sync_api import Page

from browser.site import ROOT

PICTURES = ROOT / "docs/users/pictures"
SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_FOCUSED = "(each => each.ariaLabel || each.innerText || each.id || '')(document.activeElement)"
_REPLACE = """([here, there]) => {
  for (const each of document.querySelectorAll("code")) {
    each.textContent = each.textContent.replace(here, there)
  }
}"""
_MOST_TABS = 40


def picture(page: Page, name: str, directory: tuple[str, str] = ("", "")) -> None:
    """Take a picture for the docs, where it is wanted.

    Args:
        page: of which.
        name: of the picture.
        directory: of the test, that code on the page names, and where it is on a real host.
    """
    if os.environ.get("UPDATE_DOCS"):
        PICTURES.mkdir(exist_ok=True)
        page.evaluate(_REPLACE, directory)
        page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def tab_to(page: Page, pattern: str) -> None:
    """Press the tabulator until what is called so has the focus."""
    for _each in range(_MOST_TABS):
        page.keyboard.press("Tab")
        if re.search(pattern, page.evaluate(_FOCUSED)):
            return
    raise AssertionError(f"the keyboard does not reach {pattern}")


def obstacles(page: Page, axe: str, address: str) -> list[object]:
    """What keeps people from using a page, on a dark phone and on a bright screen.

    Args:
        page: where it is opened.
        axe: the script that looks.
        address: of the page.
    """
    wrong: list[object] = []
    for width, scheme in ((360, "dark"), (1100, "light")):
        page.set_viewport_size({"width": width, "height": 740})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.goto(address)
        wrong += seen_obstacles(page, axe, f"{address} {scheme}")
    return wrong


def seen_obstacles(page: Page, axe: str, where: str) -> list[object]:
    """The same of what is on the screen.

    Args:
        page: that shows it.
        axe: the script that looks.
        where: what is said of it.
    """
    wrong: list[object] = [(where, "it scrolls sideways")] if page.evaluate(SCROLLS) else []
    page.evaluate(axe)
    found = page.evaluate("axe.run().then(found => found.violations)")
    return wrong + [
        (where, each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found
    ]

"""A person with a browser signs in, has a fit made by a cluster, and looks at its plots."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from cluster.doors import PORTAL
from cluster.test_job_portal import EXAMPLES

if TYPE_CHECKING:
    from cluster.browser import Chromium

pytestmark = [pytest.mark.jobs, pytest.mark.more]

# As the form of an application calls it, and the page of a job.
HERE = ("On this cluster", "this cluster")
ELSEWHERE = ("On another cluster that has room", "remote")
FIT_SECONDS = 960
LOADED = "[...document.querySelectorAll('figure img')].every(each => each.naturalWidth > 100)"


@pytest.mark.parametrize("place", [HERE, ELSEWHERE], ids=["here", "elsewhere"])
@pytest.mark.parametrize(("application", "data"), [("bumps", "line.dat"), ("refl1d", "film.dat")])
def test_a_fit_is_submitted_watched_and_seen(
    chromium: Chromium,
    science: Path,
    request: pytest.FixtureRequest,
    application: str,
    data: str,
    place: tuple[str, str],
) -> None:
    if place == ELSEWHERE:
        request.getfixturevalue("remote")
    with chromium.person() as page:
        page.goto(f"{PORTAL}/applications/{application}.html")
        page.fill("input[name=username]", "alice")
        page.fill("input[name=password]", "secret")
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{PORTAL}/applications/{application}.html")
        page.get_by_label("Model").set_input_files(EXAMPLES / application / "model.py")
        page.get_by_label("Data").set_input_files(EXAMPLES / application / data)
        page.get_by_label("Samples").fill("1000")
        page.get_by_label("Name of the job").fill("from a browser")
        page.get_by_text("Advanced", exact=True).click()
        page.get_by_label("Where it runs").select_option(place[0])
        page.get_by_role("button", name="Submit").click()
        page.wait_for_url(re.compile(r"/jobs/\d+\.html"))
        page.evaluate("window.same = true")
        now = page.locator("#now")
        expect(now).to_contain_text("Complete", timeout=FIT_SECONDS * 1000)
        expect(page.locator("figure img").first).to_be_visible(timeout=60_000)
        page.wait_for_function(LOADED)
        assert page.evaluate("window.same"), "the page was loaded anew"
        expect(page.locator("#facts")).to_contain_text(place[1])
        expect(page.locator("#usage")).to_contain_text("Processor time")

"""Headless Chromium and a whole portal, one of each for all these tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.site import ROOT, Whole
from cluster.browser import Chromium, started

expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """The portal."""
    with Whole(tmp_path_factory.mktemp("portal")) as whole:
        yield whole


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The browser."""
    with started() as chromium:
        yield chromium


@pytest.fixture
def page(chromium: Chromium, whole: Whole) -> Iterator[Page]:
    """Alice's window."""
    whole.front.user = "alice"
    with chromium.person() as page:
        page.set_viewport_size({"width": 1100, "height": 800})
        yield page


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that finds what keeps people from using a page."""
    said = subprocess.run([ROOT / "tools/axe"], check=True, capture_output=True, text=True)
    return Path(said.stdout.strip()).read_text()

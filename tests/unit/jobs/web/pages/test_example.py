"""People download an application's example from its page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from sciportal.jobs.settings import Settings
from sciportal.jobs.shipped import examples


@pytest.fixture
def alice(client: Callable[..., FlaskClient], settings: Settings) -> FlaskClient:
    shutil.copy(Path(examples.__file__).with_name("bumps.yml"), settings.descriptors[0])
    return client(source="shibboleth")


def test_each_file_that_the_page_links_to_is_saved_and_never_shown(alice: FlaskClient) -> None:
    page = alice.get("/applications/bumps.html", headers={"Accept": "text/html"}).text
    links = re.findall(r'href="(/applications/bumps/example/[^"]+)"', page)
    assert len(links) == 2
    files = examples.of("bumps")
    for link in links:
        answer = alice.get(link)
        assert answer.data == files[link.rpartition("/")[2]]
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["bumps/example/absent", "bumps/example/..%2f..%2fbumps.yml", "refl1d/example/model.py"],
)
def test_there_is_nothing_else(alice: FlaskClient, path: str) -> None:
    assert alice.get(f"/applications/{path}").status_code == 404

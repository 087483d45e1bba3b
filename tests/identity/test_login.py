"""Signing in as people do, in headless Chromium, and as scripts do, by curl."""

from __future__ import annotations

import html
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.browser import Chromium, started
from identity.authority import PORTAL, PROVIDER
from identity.site import Site

URL = f"https://{PORTAL}"


@pytest.fixture(scope="module")
def chromium(site: Site) -> Iterator[Chromium]:
    """Headless Chromium, which finds both hosts."""
    with started(site.addresses) as made:
        yield made


def seen(text: str) -> dict[str, Any]:
    """The headers that the application names, in small letters."""
    return {name.lower(): value for name, value in json.loads(text)}


def test_a_person_signs_in_and_out_in_a_browser(chromium: Chromium) -> None:
    with chromium.person() as page:
        page.goto(f"{URL}/plain")
        assert page.url.startswith(f"https://{PROVIDER}/")
        page.fill("input[name=username]", "jdoe")
        page.fill("input[name=password]", "wrong")
        page.press("input[name=password]", "Enter")
        page.get_by_text("Incorrect username or password").first.wait_for()
        page.fill("input[name=username]", "jdoe")
        page.fill("input[name=password]", "secret")
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{URL}/plain")
        told = seen(page.inner_text("body"))
        assert (told["x-shib-userid"], told["x-identity-source"]) == ("jdoe", "shibboleth")
        names = {each["name"] for each in page.context.cookies(URL)}
        assert any(name.startswith("__Host-_shibsession_") for name in names)
        assert "cookie" not in told or "_shibsession" not in told["cookie"]
        # A second page asks for nothing any more.
        page.goto(f"{URL}/staff")
        assert seen(page.inner_text("body"))["x-shib-userid"] == "jdoe"
        page.goto(f"{URL}/Shibboleth.sso/Logout")
        page.goto(f"{URL}/plain")
        assert not page.url.startswith(URL)


class Curl:
    """curl with a jar of cookies, which trusts the scenario's authority."""

    def __init__(self, site: Site, place: Path) -> None:
        self.jar, self.authority = place / "jar", site.authority.certificate
        self.resolve: list[str] = []
        for host, address in site.addresses.items():
            self.resolve += ["--resolve", f"{host}:443:{address}"]

    def __call__(self, *words: str) -> str:
        """What comes of following wherever it leads; the last line is where that was."""
        argv = ["curl", "--silent", "--show-error", "--location", *self.resolve]
        argv += ["--cacert", str(self.authority), "--cookie", str(self.jar)]
        argv += ["--cookie-jar", str(self.jar), "--write-out", "\n%{url_effective}", *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout


def fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    found = re.findall(r'name="([^"]*)"\s+value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def test_a_script_signs_in_by_curl(site: Site, tmp_path: Path) -> None:
    curl = Curl(site, tmp_path)
    page = curl(f"{URL}/plain")
    where = page.rpartition("\n")[2]
    assert where.startswith(f"https://{PROVIDER}/")
    said = {"AuthState": fields(page)["AuthState"], "username": "jdoe", "password": "secret"}
    words = [word for name in said for word in ("--data-urlencode", f"{name}={said[name]}")]
    page = curl(*words, where)
    back = re.search(r'action="([^"]*)"', page)
    assert back
    answer = {name: fields(page)[name] for name in ("SAMLResponse", "RelayState")}
    words = [word for name in answer for word in ("--data-urlencode", f"{name}={answer[name]}")]
    text, _, where = curl(*words, html.unescape(back[1])).rpartition("\n")
    assert where == f"{URL}/plain"
    assert seen(text)["x-shib-userid"] == "jdoe"
    assert seen(curl(f"{URL}/plain").rpartition("\n")[0])["x-shib-userid"] == "jdoe"

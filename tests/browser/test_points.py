"""People see on the page of a mapped job which of its points failed, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.looking import obstacles, picture
from browser.site import Whole

# Whatever else the machine does.
PATIENCE_MS = 120_000
DESCRIPTION = """
name: series
title: Series of points
description: Evaluates `R(x)` of a Python file for whole numbers from 1 on.
parameters:
  points: {type: integer, title: Points, minimum: 1, maximum: 1000, default: 100}
files:
  - {name: function.py, title: Function}
map:
  points: {parameter: points}
  chunk: 10
script: |
  exec "$SCIPORTAL_MAP" --function function.py --workers 2 \\
    --range 1 {{ points | number }} {{ points | number }}
outputs: [results.json, failures.json]
"""
FUNCTION = """
import os


def R(x):
    if x == 17:
        raise ValueError("no layer of this thickness")
    if x == 71 and not os.path.exists("again"):
        open("again", "w").close()
        os.kill(os.getpid(), 9)
    return x / 7
"""
SCRIPT = "</bdi></td><script>fetch('/stolen'); document.title = 'mine'</script>"
LONG = "a_word_without_any_space_" * 30


@pytest.fixture(scope="module", autouse=True)
def application(whole: Whole) -> Iterator[None]:
    """An application that evaluates a function for many points."""
    descriptor = whole.applications / "series.yml"
    descriptor.write_text(DESCRIPTION)
    yield
    descriptor.unlink()


def submit(page: Page, whole: Whole, function: str) -> str:
    """Submit a function for a hundred points, and return the address of the job's page."""
    page.goto(f"{whole.url}/applications/series.html")
    given = {"name": "function.py", "mimeType": "text/x-python", "buffer": function.encode()}
    page.get_by_label("Function").set_input_files(given)  # type: ignore[arg-type]
    page.get_by_label("Name of the job").fill("Hundred points")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile(r"/jobs/\d+\.html"))
    return page.url


def points(page: Page, sentence: str) -> Locator:
    """The part of a job's page about its points, once it is there with this sentence."""
    part = page.get_by_role("region", name="Points", exact=True)
    expect(part).to_contain_text(sentence, timeout=PATIENCE_MS)
    return part


def failed(part: Locator) -> list[list[str]]:
    """The points that it names: number, point, why it failed."""
    rows = part.locator("tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def test_a_failed_point_is_named_and_one_that_was_retried_has_its_result(
    page: Page, whole: Whole
) -> None:
    address = submit(page, whole, FUNCTION)
    page.evaluate("window.same = true")
    part = points(page, "1 of 100 points failed.")
    assert page.evaluate("window.same"), "the page was loaded anew"
    assert part.locator("thead th").all_inner_texts() == ["Number", "Point", "Why it failed"]
    assert failed(part) == [["16", "17.0", "ValueError: no layer of this thickness"]]
    expect(page.locator("#now")).to_contain_text("It ended with exit code 1")
    expect(page.locator("#stderr")).to_contain_text("2 points are evaluated again, each alone")
    picture(page, "points")
    answer = page.request.get(address.replace(".html", "/data/results.json"))
    wanted = [None if x == 17 else x / 7 for x in range(1, 101)]
    assert json.loads(answer.text()) == wanted


def test_nothing_is_named_where_all_points_have_results(page: Page, whole: Whole) -> None:
    submit(page, whole, "def R(x):\n    return x\n")
    part = points(page, "All 100 points have results.")
    expect(part.get_by_role("table")).to_have_count(0)
    expect(page.locator("#now")).to_contain_text("Complete")


def test_of_many_failed_points_the_first_are_named_whatever_they_say(
    page: Page, whole: Whole, axe: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    said = f"{SCRIPT} {LONG}"
    address = submit(page, whole, f"def R(x):\n    raise ValueError({said!r})\n")
    rows = failed(points(page, "100 of 100 points failed. These are the first 20;"))
    assert [row[0] for row in rows] == [str(number) for number in range(20)]
    assert all(row[2].startswith(f"ValueError: {SCRIPT} {LONG[:25]}") for row in rows)
    assert not obstacles(page, axe, address)
    assert page.title() != "mine"
    assert not [each for each in asked if "stolen" in each]

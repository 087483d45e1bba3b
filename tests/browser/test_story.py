"""People use the portal: submit, watch, fetch; by keyboard, on a phone, without the script."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from browser.looking import obstacles, picture, seen_obstacles, tab_to
from browser.site import Whole
from sciportal.jobs.states import State

PLOT = '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="300"/>'
POINTS = "".join(f"{x} {2 * x + 1 + (x % 3) * 0.4}\n" for x in range(12)).encode()
DATA = {"name": "measured.dat", "mimeType": "text/plain", "buffer": POINTS}


def number_in(page: Page) -> int:
    """The number of the job whose page this is to become."""
    page.wait_for_url(re.compile(r"/jobs/\d+\.html"))
    return int(re.findall(r"\d+", page.url)[-1])


def submit_commands(page: Page, whole: Whole, commands: str, name: str) -> str:
    """Submit commands, and return the address of the job's page."""
    page.goto(f"{whole.url}/applications/shell.html")
    page.get_by_label("Commands").fill(commands)
    page.get_by_label("Name of the job").fill(name)
    page.get_by_role("button", name="Submit").click()
    number_in(page)
    return page.url


def test_submit_watch_fetch(page: Page, whole: Whole) -> None:
    page.goto(whole.url)
    picture(page, "applications")
    page.get_by_role("link", name="Straight line").click()
    page.get_by_label("Points").set_input_files(DATA)  # type: ignore[arg-type]
    page.get_by_label("Steps").fill("4")
    page.get_by_label("Name of the job").fill("First line")
    picture(page, "form")
    page.get_by_role("button", name="Submit").click()
    number = number_in(page)
    page.evaluate("window.same = true")
    # In seconds.
    assert float(page.locator("[data-live]").get_attribute("data-every") or 9) <= 2
    expect(page.locator("#now")).to_contain_text("Running")
    expect(page.locator("#stdout")).to_contain_text("step 2")
    picture(page, "job-running")
    whole.seen.touch()
    deadline = time.monotonic() + 60
    while True:
        job = whole.store.job(number)
        assert job
        if job.final and job.collected_at:
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)
    expect(page.locator("#now")).to_contain_text("Complete")
    expect(page.locator("figure img").first).to_be_visible()
    assert page.evaluate("window.same"), "the page was loaded anew"
    page.wait_for_function(
        "[...document.querySelectorAll('figure img')].every(each => each.naturalWidth > 100)"
    )
    expect(page.locator("#stdout")).to_contain_text("slope 2.0")
    expect(page.locator("#usage")).to_contain_text("Processor time")
    picture(page, "job")
    with page.expect_response(re.compile("line.txt")) as got:
        page.evaluate("fetch(document.querySelector('a[href$=\"line.txt\"]').href)")
    assert got.value.text().startswith("2.0")
    page.get_by_role("link", name="Submit again with changes").click()
    assert page.get_by_label("Steps").input_value() == "4"
    assert page.get_by_label("Keep points.dat").is_checked()
    page.get_by_label("Steps").fill("50")
    page.get_by_label("Name of the job").fill("Second line")
    picture(page, "again")
    page.get_by_role("button", name="Submit").click()
    second = whole.store.job(number_in(page))
    assert second and second.parameters["steps"] == 50
    assert [each.name for each in second.order.files] == ["points.dat"]
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.locator("#now")).to_contain_text("Cancelled")
    page.goto(f"{whole.url}/jobs.html")
    expect(page.locator("tbody")).to_contain_text(re.compile("Second line.*First line", re.DOTALL))
    picture(page, "jobs")


def test_by_keyboard_alone(page: Page, whole: Whole, axe: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(whole.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tab_to(page, "^Commands of the shell$")
    page.keyboard.press("Enter")
    page.wait_for_url("**/applications/shell.html")
    tab_to(page, "^field-0$")
    page.keyboard.type("sleep 60")
    tab_to(page, "^name$")
    page.keyboard.type("Typed")
    tab_to(page, "^Submit$")
    page.keyboard.press("Enter")
    number = number_in(page)
    expect(page.locator("#now")).to_contain_text("Running")
    wrong = seen_obstacles(page, axe, "a job that runs")
    tab_to(page, "^Cancel the job$")
    page.keyboard.press("Enter")
    expect(page.locator("#now")).to_contain_text("Cancelled")
    tab_to(page, "^Submit again with changes$")
    page.keyboard.press("Enter")
    page.wait_for_url("**/applications/shell.html?again=*")
    wrong += seen_obstacles(page, axe, "the form of a job that was submitted")
    tab_to(page, "^Jobs$")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs.html")
    tab_to(page, "^Typed$")
    page.keyboard.press("Enter")
    number_in(page)
    tab_to(page, "^Delete")
    page.keyboard.press("Enter")
    wrong += seen_obstacles(page, axe, "before a job is deleted")
    tab_to(page, "^Yes, delete it$")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs.html")
    job = whole.store.job(number)
    assert job and job.state is State.CANCEL and job.deleted_at
    assert not wrong


def test_without_the_script(chromium: object, page: Page, whole: Whole) -> None:
    page.route("**/*.js", lambda route: route.abort())
    address = submit_commands(page, whole, "echo done", "plain")
    deadline = time.monotonic() + 60
    while "Complete" not in page.inner_text("#now"):
        assert time.monotonic() < deadline
        time.sleep(0.3)
        page.goto(address)
    expect(page.locator("#stdout")).to_contain_text("done")


def test_on_a_phone_and_without_obstacles(page: Page, whole: Whole, axe: str) -> None:
    long = "a_very_long_name_without_any_space_" * 2
    commands = f"echo {long * 9}; echo x >{long}.txt; printf '%s' '{PLOT}' >{long}.svg"
    address = submit_commands(page, whole, commands, long)
    expect(page.locator("#files")).to_contain_text(long, timeout=60000)
    expect(page.locator("figure")).to_have_count(1)
    page.goto(f"{whole.url}/applications/shell.html")
    page.evaluate("document.forms[0].noValidate = true")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was submitted yet")
    wrong = seen_obstacles(page, axe, "a form with a mistake")
    (whole.applications / "broken.yml").write_text("name: broken\n")
    try:
        for user, path in (
            ("", "/"),
            *(("alice", path) for path in ("/", "/jobs.html", "/jobs.html?state=error")),
            *(("alice", path) for path in ("/applications/straight-line.html", "/jobs/99.html")),
            ("alice", address.removeprefix(whole.url)),
            ("carol", "/operators.html"),
        ):
            whole.front.user = user
            wrong += obstacles(page, axe, whole.url + path)
        picture(page, "operators", (str(whole.applications), "/etc/sciportal/applications"))
        tab_to(page, "^The list of all jobs$")
        page.keyboard.press("Enter")
        page.wait_for_url("**/jobs.html?owner=everybody")
        page.set_viewport_size({"width": 360, "height": 740})
        wrong += seen_obstacles(page, axe, "the list of all jobs")
    finally:
        (whole.applications / "broken.yml").unlink()
    assert not wrong


HOSTILE = """cat >evil.html <<'END'
<script>fetch('/jobs.json').then(a => a.text()).then(t => fetch('/stolen?' + t))</script>
END
cat >evil.svg <<'END'
<svg xmlns="http://www.w3.org/2000/svg"><script>fetch('/stolen')</script></svg>
END
printf '</pre><script>fetch("/stolen")</script>'
"""


@pytest.mark.parametrize("file", ["evil.html", "evil.svg"])
def test_a_hostile_result_reads_nothing(page: Page, whole: Whole, file: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    address = submit_commands(page, whole, HOSTILE, "hostile")
    expect(page.locator("#files")).to_contain_text(file, timeout=60000)
    expect(page.locator("#stdout")).to_contain_text("</pre><script>")
    expect(page.locator("figure")).to_have_count(1)
    data = address.replace(".html", f"/data/{file}")
    if file == "evil.html":
        with page.expect_download():
            page.evaluate(f"location.href = {data!r}")
    else:
        page.goto(data)
    page.wait_for_timeout(500)
    assert not [each for each in asked if "stolen" in each or "jobs.json" in each]

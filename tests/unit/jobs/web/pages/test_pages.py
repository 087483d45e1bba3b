"""The pages, asked for as a browser does."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from jobs import samples
from jobs.clock import Clock
from sciportal.jobs import states
from sciportal.jobs.order import Map
from sciportal.jobs.states import State
from sciportal.jobs.store.job import Listing
from sciportal.jobs.store.store import Store
from sciportal.jobs.web import web
from sciportal.jobs.web.portal import Portal

HOSTILE = """</pre><script>alert(1)</script><img src=x onerror=alert(1)>"'{{7*7}}"""
HTML = {"Accept": "text/html"}


class Watcher(HTMLParser):
    """Finds what no page of ours may have: scripts and styles in it, and what is elsewhere."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert tag not in ("style", "iframe", "object", "base")
        assert tag != "script" or given.get("src", "").startswith("/")
        assert tag != "img" or given.get("src", "").startswith("/")
        for name, value in given.items():
            assert not name.startswith("on") and name != "style", (tag, name)
            if name in ("href", "src", "action", "data-live"):
                assert re.match(r"(/(?!/)|#)", value or ""), value


@pytest.fixture
def alice(client: Callable[..., FlaskClient]) -> FlaskClient:
    """Alice's browser, who signed in with a form."""
    return client(source="shibboleth")


@pytest.fixture
def carol(client: Callable[..., FlaskClient]) -> FlaskClient:
    """An operator's browser, who has a certificate."""
    return client("carol", "certificate")


def shown(response: TestResponse, status: int = 200) -> str:
    """The text of a page, which keeps what each page promises."""
    text = response.text
    assert response.status_code == status, text
    assert response.mimetype == "text/html"
    policy = response.headers["Content-Security-Policy"]
    assert re.match("default-src '(none|self)'", policy)
    assert "unsafe" not in policy
    assert ">None<" not in text
    Watcher().feed(text)
    return text


def sent(client: FlaskClient, page: str, **fields: Any) -> TestResponse:
    """Fill in the form of a page, and send it."""
    text = shown(client.get(page))
    hidden = re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', text)
    return client.post(
        page.partition("?")[0],
        data={**dict(hidden), **fields},
        content_type="multipart/form-data",
        headers=HTML,
    )


def result(portal: Portal, job: int, **files: bytes) -> None:
    """Results of a job; an underscore in a name stands for a dot."""
    with portal.files.receive() as incoming:
        for name, data in files.items():
            incoming.add(name.replace("_", "."), io.BytesIO(data))
        assert portal.files.complete(incoming, job)


def test_the_first_page_offers_applications(alice: FlaskClient) -> None:
    text = shown(alice.get("/"))
    assert 'href="/applications/greeting.html"' in text
    assert "You have no jobs yet" in text
    assert "alice" in text
    assert 'href="/Shibboleth.sso/Logout"' in text
    assert "Operators" not in text
    assert shown(alice.get("/applications", headers=HTML)) == text


def test_a_form_has_what_the_description_says(alice: FlaskClient) -> None:
    text = shown(alice.get("/applications/greeting.html"))
    assert "Says hello to somebody" in text
    whom = re.search(r'<input type="text" id="field-0"[^>]*>', text)
    assert whom and 'name="p-whom"' in whom[0] and 'maxlength="40"' in whom[0]
    times = re.search(r'<input type="number"[^>]*name="p-times"[^>]*>', text)
    assert times and 'min="1"' in times[0] and 'max="100"' in times[0] and 'value="1"' in times[0]
    assert "From 1 to 100." in text
    assert "<span>times</span>" in text
    assert '<option value="soft" selected>' in text
    assert re.search(r'<input type="checkbox"[^>]*name="p-polite"[^>]*checked', text)
    assert text.index("<summary>Advanced") < text.index('name="p-pause"')
    assert re.search(r'<input type="file"[^>]*name="f-0"[^>]*data-most-bytes="1000"', text)
    assert re.search(r'<input type="file"[^>]*name="f-1"[^>]*multiple', text)


def test_each_field_has_a_label(alice: FlaskClient) -> None:
    text = shown(alice.get("/applications/greeting.html"))
    fields = re.findall(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]* id="([^"]+)"', text)
    assert len(fields) == 10
    assert all(f'for="{each}"' in text for each in fields)


def test_submitting_leads_to_the_job(alice: FlaskClient, portal: Portal) -> None:
    answer = sent(
        alice,
        "/applications/greeting.html",
        name="first one",
        **{
            "p-whom": "world",
            "p-times": "2",
            "p-pause": "0.5",
            "p-style": "loud",
            "p-notes": "a\r\nb",
            "f-0": (io.BytesIO(b"dear"), "my own (1).card"),
            "f-1": [(io.BytesIO(b"1"), "one.dat"), (io.BytesIO(b"2"), "two.dat")],
        },
    )
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"] == "/jobs/1.html"
    job = portal.store.job(1)
    assert job
    assert job.name == "first one"
    assert job.parameters == {
        "whom": "world",
        "times": 2,
        "pause": 0.5,
        "style": "loud",
        "notes": "a\nb",
        "polite": False,
    }
    assert [each.name for each in job.order.files] == ["card.txt", "one.dat", "two.dat"]
    assert portal.files.open_input(1, "card.txt").read() == b"dear"
    text = shown(alice.get("/jobs/1.html"))
    assert "first one" in text and "Waiting" in text and "one.dat" in text and "loud" in text


def test_mistakes_stand_beside_their_fields(alice: FlaskClient, portal: Portal) -> None:
    answer = sent(
        alice,
        "/applications/greeting.html",
        name=HOSTILE[:60],
        **{
            "p-whom": HOSTILE,
            "p-times": "1000",
            "p-pause": "-1",
            "p-style": "soft",
            "f-0": (io.BytesIO(b"x" * 2000), "card"),
        },
    )
    text = shown(answer, 400)
    assert "Nothing was submitted yet" in text
    times = re.search(r'<input type="number"[^>]*name="p-times"[^>]*>', text)
    assert times and 'value="1000"' in times[0] and 'aria-invalid="true"' in times[0]
    number = re.search(r'id="(field-\d)"', times[0])
    assert number
    assert f'aria-describedby="{number[1]}-hint {number[1]}-wrong"' in times[0]
    assert f'<a href="#{number[1]}">How often</a>' in text
    # What is folded away and wrong is unfolded; what was not ticked stays so.
    assert '<details class="fold" open>' in text
    assert not re.search(r'name="p-polite"[^>]*checked', text)
    assert "Choose your files again" in text
    assert "<title>Mistakes in the form" in text
    assert not portal.store.jobs(Listing())


@pytest.mark.parametrize("name", ["../../etc/passwd", ".bashrc", "a\tb.dat", "-rf.dat", "\x00.dat"])
def test_names_of_files_are_checked(alice: FlaskClient, portal: Portal, name: str) -> None:
    fields = {"p-whom": "x", "p-times": "1", "p-pause": "1", "p-style": "soft"}
    fields |= {"p-notes": ""}
    answer = sent(
        alice, "/applications/greeting.html", **fields, **{"f-1": (io.BytesIO(b"1"), name)}
    )
    assert answer.status_code == 400
    assert not portal.store.jobs(Listing())


def test_the_same_form_sent_twice_is_one_job(alice: FlaskClient, portal: Portal) -> None:
    fields = {"p-whom": "x", "p-times": "1", "p-pause": "1", "p-style": "soft", "once": "a" * 20}
    fields |= {"p-notes": ""}
    places = [
        sent(alice, "/applications/greeting.html", **{**fields, **more}).headers["Location"]
        for more in ({}, {}, {"p-times": "2"})
    ]
    assert places == ["/jobs/1.html", "/jobs/1.html", "/jobs/2.html"]


def test_a_form_without_its_token_is_refused(alice: FlaskClient, portal: Portal) -> None:
    for page in ("/applications/greeting.html", "/jobs/1/delete.html", "/jobs/1/cancel.html"):
        answer = alice.post(page, data={"p-whom": "x", "csrf": "1.x"}, headers=HTML)
        assert "valid token" in shown(answer, 403)
    assert not portal.store.jobs(Listing())


def test_a_quota_is_told_in_the_form(
    alice: FlaskClient, changed: Any, client: Any, portal: Portal
) -> None:
    few = client(source="shibboleth", to=changed(limits={"jobs_a_user": 1}))
    portal.store.submit(samples.new_job())
    fields = {"p-whom": "kept", "p-times": "1", "p-pause": "1", "p-style": "soft", "p-notes": ""}
    text = shown(sent(few, "/applications/greeting.html", **fields), 429)
    assert "1 jobs have not ended" in text
    assert 'value="kept"' in text


def test_again_with_changes(alice: FlaskClient, portal: Portal) -> None:
    fields = {"p-whom": "x", "p-times": "7", "p-pause": "1", "p-style": "loud", "p-notes": "n"}
    files = {
        "f-0": (io.BytesIO(b"dear"), "c"),
        "f-1": [(io.BytesIO(b"1"), "one.dat"), (io.BytesIO(b"2"), "two.dat")],
    }
    sent(alice, "/applications/greeting.html", name="n", **fields, **files)
    assert 'href="/applications/greeting.html?again=1"' in shown(alice.get("/jobs/1.html"))
    page = "/applications/greeting.html?again=1"
    text = shown(alice.get(page))
    assert re.search(r'name="p-times" value="7"', text)
    assert text.count('name="keep"') == 3
    changed = {"keep": ["card.txt", "one.dat"], "f-1": (io.BytesIO(b"new"), "one.dat")}
    sent(alice, page, name="n", **{**fields, "p-times": "8"}, **changed)
    job = portal.store.job(2)
    assert job
    assert [each.name for each in job.order.files] == ["one.dat", "card.txt"]
    assert portal.files.open_input(2, "one.dat").read() == b"new"
    assert portal.files.open_input(2, "card.txt").read() == b"dear"


def test_nobody_gets_the_files_of_another(
    alice: FlaskClient, client: Callable[..., FlaskClient], portal: Portal
) -> None:
    secret = {"p-whom": "x", "p-times": "1", "p-pause": "1", "p-style": "soft", "p-notes": ""}
    sent(alice, "/applications/greeting.html", **secret, **{"f-0": (io.BytesIO(b"secret"), "c")})
    bob = client("bob", "shibboleth")
    assert "job 1" in shown(bob.get("/applications/greeting.html?again=1"), 404)
    answer = sent(bob, "/applications/greeting.html", **secret, earlier="1", keep="card.txt")
    assert answer.status_code == 404
    for page in ("/jobs/1.html", "/jobs/1/live.html"):
        shown(bob.get(page), 404)
    for page in ("/jobs/1/cancel.html", "/jobs/1/delete.html"):
        token = re.search(
            r'name="csrf" value="([^"]+)"', bob.get("/applications/greeting.html").text
        )
        assert token
        assert bob.post(page, data={"csrf": token[1]}).status_code == 404
    found = portal.store.job(1)
    assert found and found.state is State.PENDING and not found.cancel_wanted


def test_names_and_logs_of_jobs_are_text(
    alice: FlaskClient, store: Store, portal: Portal, clock: Clock
) -> None:
    name = HOSTILE[:90]
    job = store.submit(samples.new_job(name=name, parameters={"whom": HOSTILE}))
    store.apply(job.id, states.SENT)
    store.apply(job.id, states.STARTED)
    store.apply(job.id, states.finished(3, HOSTILE))
    log = f"\x1b[31m{HOSTILE}\x1b[0m \u202eevil\n".encode() + b"\xff\xfe"
    result(portal, job.id, stdout=log, stderr=b"late", plot_png=b"x", page_html=b"<b>")
    store.set_collected(job.id, "sum")
    for page in ("/jobs/1.html", "/jobs/1/live.html", "/jobs.html", "/", "/jobs/live.html"):
        text = shown(alice.get(page))
        assert "<script>" not in text
        assert "onerror=alert(1)&gt;" in text
    text = shown(alice.get("/jobs/1.html"))
    assert "\x1b" not in text and "\u202e" not in text and "&lt;U+202E&gt;evil" in text
    assert '<img src="/jobs/1/results/plot.png" alt="Plot plot.png"' in text
    assert '<img src="/jobs/1/results/page.html' not in text
    assert "exit code 3" in text
    assert "{{7*7}}" in text


def test_points_that_failed(alice: FlaskClient, store: Store) -> None:
    job = store.submit(samples.new_job(map=Map(1000, 50)))
    store.apply(job.id, states.SENT)
    store.apply(job.id, states.finished(1))
    assert 'id="points"' not in shown(alice.get("/jobs/1.html"))
    point = {"index": 617, "point": "0.34", "error": f"ValueError: {HOSTILE}", "attempts": 2}
    store.set_collected(job.id, "sum", {}, {"points": 1000, "number": 3, "failed": [point]})
    text = shown(alice.get("/jobs/1.html"))
    assert "3 of 1000 points failed. These are the first 1; failures.json has more." in text
    assert '<th scope="row">617</th>' in text and "<bdi>0.34</bdi>" in text
    assert "<script>" not in text and "onerror=alert(1)&gt;" in text
    assert alice.get("/jobs/1.json").json["job"]["points_failed"]["failed"] == [point]


def test_points_that_all_have_results(alice: FlaskClient, store: Store) -> None:
    job = store.submit(samples.new_job(map=Map(1000, 50)))
    store.apply(job.id, states.SENT)
    store.apply(job.id, states.finished(0))
    store.set_collected(job.id, "sum", {}, {"points": 1000, "number": 0, "failed": []})
    assert "All 1000 points have results." in shown(alice.get("/jobs/1.html"))


def test_a_page_says_when_nothing_changed(alice: FlaskClient, store: Store) -> None:
    job = store.submit(samples.new_job())
    text = shown(alice.get("/jobs/1.html"))
    assert 'data-live="/jobs/1/live.html" data-every="2"' in text
    tag = re.search(r'data-etag="&#34;([0-9a-f]+)&#34;"', text)
    assert tag
    first = alice.get("/jobs/1/live.html")
    assert first.headers["ETag"] == f'"{tag[1]}"'
    known = {"If-None-Match": f'"{tag[1]}"'}
    again = alice.get("/jobs/1/live.html", headers=known)
    assert (again.status_code, again.data) == (304, b"")
    store.apply(job.id, states.SENT)
    changed = alice.get("/jobs/1/live.html", headers=known)
    assert changed.status_code == 200
    assert "queue of the batch system" in changed.text
    assert '<section class="card" id="now" data-piece' in changed.text


def test_what_is_over_is_not_asked_for_again(alice: FlaskClient, store: Store) -> None:
    job = store.submit(samples.new_job())
    store.want_cancel(job.id, State.CANCEL)
    text = shown(alice.get("/jobs/1.html"))
    assert "data-every" not in text
    assert "Cancelled" in text
    assert "Cancel the job" not in text


def test_cancel_and_delete(alice: FlaskClient, store: Store) -> None:
    for _each in range(2):
        store.submit(samples.new_job())
    text = shown(alice.get("/jobs/1.html"))
    token = re.search(r'name="csrf" value="([^"]+)"', text)
    assert token
    answer = alice.post("/jobs/1/cancel.html", data={"csrf": token[1]})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/jobs/1.html")
    answer = alice.post("/jobs/2/delete.html", data={"csrf": token[1]})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/jobs.html")
    cancelled, deleted = store.job(1), store.job(2)
    assert cancelled and cancelled.state is State.CANCEL
    assert deleted and deleted.state is State.DELETE
    shown(alice.get("/jobs/2.html"), 404)


def test_the_list_in_pages_of_fifty(alice: FlaskClient, store: Store) -> None:
    for number in range(120):
        store.submit(samples.new_job(name=f"number {number}."))
    store.submit(samples.new_job(owner="bob", name="not yours"))
    text = shown(alice.get("/jobs.html"))
    assert re.findall(r"number (\d+)\.", text) == [str(each) for each in range(119, 69, -1)]
    assert "not yours" not in text
    assert "(120)" in text
    older = re.search(r'<a href="([^"]+)" rel="next">', text)
    assert older
    text = shown(alice.get(older[1]))
    assert re.findall(r"number (\d+)\.", text) == [str(each) for each in range(69, 19, -1)]
    assert "Newest jobs" in text
    last = re.search(r'<a href="([^"]+)" rel="next">', text)
    assert last
    text = shown(alice.get(last[1]))
    assert re.findall(r"number (\d+)\.", text) == [str(each) for each in range(19, -1, -1)]
    assert 'rel="next"' not in text


def test_the_list_by_state(alice: FlaskClient, store: Store) -> None:
    for name in ("one", "two"):
        store.submit(samples.new_job(name=f"the {name}"))
    store.want_cancel(1, State.CANCEL)
    for page in ("/jobs.html?state=cancel", "/jobs/cancel.html"):
        text = shown(alice.get(page))
        assert "the one" in text and "the two" not in text
        assert re.search(r'aria-current="true">Cancelled', text)
    assert "None of your jobs is in this state" in shown(alice.get("/jobs.html?state=error"))
    for odd in ("state=nonsense", "before=x", "before=-1", "state=DELETE", "before=" + "9" * 40):
        assert "the two" in shown(alice.get(f"/jobs.html?{odd}"))


def test_what_a_browser_types_is_a_page(alice: FlaskClient, store: Store) -> None:
    store.submit(samples.new_job())
    typed = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    for page in ("/jobs", "/jobs/1"):
        shown(alice.get(page, headers=typed))
    for page in ("/jobs/1/status", "/jobs/1/log", "/jobs/1/results.html", "/jobs/1/data/index"):
        answer = alice.get(page, headers=typed)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/jobs/1.html")
    assert "do not exist" not in shown(alice.get("/jobs/17", headers=typed), 404)


def test_who_is_not_signed_in_is_told_so(app: Any) -> None:
    stranger = app.test_client()
    text = shown(stranger.get("/", headers=HTML), 401)
    assert "not signed in" in text
    assert "Sign out" not in text


def test_a_site_without_authentication(changed: Any, store: Store) -> None:
    visitor = changed(anonymous=True).test_client()
    visitor.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    text = shown(visitor.get("/"))
    assert "Not signed in" in text
    assert "Services" not in text
    store.submit(samples.new_job(owner="anonymous", origin="192.0.2.8", name="of another"))
    store.submit(samples.new_job(owner="anonymous", origin="192.0.2.7", name="my own"))
    text = shown(visitor.get("/jobs.html"))
    assert "my own" in text and "of another" not in text


def test_a_site_without_applications(changed: Any, client: Any, portal: Portal) -> None:
    for each in portal.settings.descriptors[0].iterdir():
        each.unlink()
    assert "No application is offered yet" in shown(client(source="shibboleth").get("/"))
    text = shown(client(source="shibboleth").get("/applications/greeting.html"), 404)
    assert "greeting" in text


def test_the_operators_page(
    alice: FlaskClient,
    carol: FlaskClient,
    store: Store,
    portal: Portal,
    clock: Clock,
    app: flask.Flask,
) -> None:
    web.of(app).clock = clock
    assert "not among the operators" in shown(alice.get("/operators.html"), 403)
    shown(alice.get("/operators/live.html"), 403)
    (portal.settings.descriptors[0] / "broken.yml").write_text("name: <b>\n")
    store.submit(samples.new_job(owner="bob", name=HOSTILE[:90]))
    store.declare_worker("far", "0" * 64)
    store.declare_worker("never", "1" * 64)
    store.worker_seen("far", "192.0.2.9", 4)
    clock.pass_by(3600)
    text = shown(carol.get("/operators.html"))
    assert "broken.yml" in text and "1 offered, 1 left out" in text
    assert "not handed to the batch system for 1 h 0 min; look at the keeper" in text
    assert "silent for 1 h 0 min" in text and "192.0.2.9" in text
    assert "by certificate" in text and "Sign out" not in text
    assert "onerror=alert(1)&gt;" in text
    answer = carol.get("/operators/live.html")
    known = {"If-None-Match": answer.headers["ETag"]}
    assert carol.get("/operators/live.html", headers=known).status_code == 304
    assert "bob" in shown(carol.get("/jobs.html?owner=everybody"))
    assert "Jobs of everybody" not in shown(alice.get("/jobs.html?owner=everybody"))


def test_an_operator_sees_a_job_of_another(carol: FlaskClient, store: Store) -> None:
    store.submit(samples.new_job(owner="bob"))
    text = shown(carol.get("/jobs/1.html"))
    assert ", of <bdi>bob</bdi>" in text
    assert "Submit again" not in text


def test_assets_are_served(alice: FlaskClient) -> None:
    for name in ("portal.css", "live.js", "form.js", "icon.svg"):
        answer = alice.get(f"/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert alice.get("/static/../app.py").status_code == 404


def test_below_a_path(portal: Portal) -> None:
    from sciportal.jobs.web import app as portal_app

    below = portal_app.make(portal).test_client()
    below.environ_base.update(
        REMOTE_ADDR="localhost",
        HTTP_X_SHIB_USERID="alice",
        HTTP_X_IDENTITY_SOURCE="shibboleth",
        SCRIPT_NAME="/portal",
    )
    text = shown(below.get("/applications/greeting.html", base_url="http://localhost/portal"))
    links = re.findall(r'(?:href|src|action)="(/[^"]*)"', text)
    assert links
    assert all(each.startswith(("/portal/", "/Shibboleth.sso/")) for each in links)

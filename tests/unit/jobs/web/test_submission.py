"""Jobs as people and programs submit them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sciportal.jobs.store.job import Listing
from sciportal.jobs.store.store import Store
from sciportal.jobs.web.app import csrf_token
from sciportal.jobs.web.portal import Portal

Client = Callable[..., FlaskClient]
GOOD: dict[str, Any] = {
    "application": "greeting",
    "name": "my job",
    "parameters": {"whom": "world"},
    "files": {"card.txt": "good day"},
}


def post(client: FlaskClient, said: Any = GOOD, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/jobs.json", json=said, headers=named)


def test_json(client: Client, portal: Portal) -> None:
    answer = post(client())
    assert (answer.status_code, answer.location) == (201, f"/jobs/{answer.json['id']}.json")
    job = portal.store.job(answer.json["id"])
    assert job is not None
    assert (job.owner, job.origin, job.name) == ("alice", "192.0.2.1", "my job")
    assert job.parameters["times"] == 1
    with portal.files.open_input(job.id, "card.txt") as file:
        assert file.read() == b"good day"
    assert client().get(answer.location).json == answer.json


def test_form(client: Client, portal: Portal) -> None:
    form = {
        "application": "greeting",
        "parameters": json.dumps({"whom": "world"}),
        "files": [(io.BytesIO(b"\0\1"), "a.dat"), (io.BytesIO(b"\2"), "b.dat")],
    }
    answer = client().post("/jobs.json", data=form)
    assert answer.status_code == 201
    assert [each["name"] for each in answer.json["job"]["files"]] == ["a.dat", "b.dat"]
    with portal.files.open_input(answer.json["id"], "a.dat") as file:
        assert file.read() == b"\0\1"


def test_a_form_of_a_page_leads_to_the_job(client: Client, app: flask.Flask) -> None:
    browser = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    person = client(source="shibboleth")
    form = {"application": "greeting", "parameters": json.dumps({"whom": "world"})}
    refused = person.post("/jobs.html", data=form, headers=browser)
    assert (refused.status_code, refused.mimetype) == (403, "text/html")
    with app.test_request_context("/", environ_overrides=person.environ_base):
        token = csrf_token()
    answer = person.post("/jobs.html", data={**form, "csrf": token}, headers=browser)
    assert answer.status_code == 303
    assert person.get(answer.location).status_code == 200
    bob = client("bob", source="shibboleth")
    assert bob.post("/jobs.html", data={**form, "csrf": token}).status_code == 403


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"application": "unknown"}, 400),
        ({"application": "../greeting"}, 400),
        ({"application": 7}, 400),
        ({"name": "a\nb"}, 400),
        ({"name": "x" * 101}, 400),
        ({"name": "\ud800"}, 400),
        ({"name": None}, 400),
        ({"parameters": {}}, 422),
        ({"parameters": {"whom": "world", "times": 101}}, 422),
        ({"parameters": {"whom": "world", "times": "2"}}, 422),
        ({"parameters": {"whom": "world", "times": True}}, 422),
        ({"parameters": {"whom": "world", "times": 1e400}}, 400),
        ({"parameters": {"whom": "a\0b"}}, 422),
        ({"parameters": {"whom": {"a": 1}}}, 422),
        ({"parameters": {"whom": "world", "else": 1}}, 422),
        ({"parameters": []}, 400),
        ({"files": {"../card.txt": "x"}}, 400),
        ({"files": {"/etc/passwd": "x"}}, 400),
        ({"files": {".profile": "x"}}, 400),
        ({"files": {"a\0.dat": "x"}}, 400),
        ({"files": {"card.txt": 7}}, 400),
        ({"files": {"other.txt": "x"}}, 422),
        ({"files": {"card.txt": "x" * 1001}}, 422),
        ({"files": {f"{number}.dat": "" for number in range(4)}}, 422),
        ({"files": ["card.txt"]}, 400),
        ({"backend": "direct"}, 400),
        ({"backend": "slurm"}, 400),
        ({"host": "-o ProxyCommand=x"}, 400),
        ({"owner": "bob"}, 400),
    ],
)
def test_what_does_not_fit_is_refused(
    client: Client, store: Store, changed: dict[str, Any], status: int
) -> None:
    answer = client().post(
        "/jobs.json", data=json.dumps({**GOOD, **changed}), content_type="application/json"
    )
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["status"] == status
    assert answer.json["found"]
    assert answer.json["advice"]
    assert store.jobs(Listing()) == []


def test_all_that_is_wrong_is_named(client: Client) -> None:
    answer = post(client(), {**GOOD, "parameters": {"times": 0, "style": "x"}})
    assert {each["field"] for each in answer.json["errors"]} == {"whom", "times", "style"}


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'"\xff"', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[" * 100 + b"]" * 100, "application/json", 400),
        (b'{"application": "a", "application": "b"}', "application/json", 400),
        (b'{"parameters": {"times": NaN}}', "application/json", 400),
        (b'{"parameters": {"times": ' + b"9" * 5000 + b"}}", "application/json", 400),
        (b"a=b", "application/x-www-form-urlencoded", 400),
        (b"<x/>", "text/xml", 415),
        (b"{}", "", 415),
        (b"x", "multipart/form-data", 400),
        (b"x", "multipart/form-data; boundary=b", 400),
    ],
)
def test_bodies_that_are_none(client: Client, body: bytes, media: str, status: int) -> None:
    answer = client().post("/jobs.json", data=body, content_type=media)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_a_key_makes_one_job(client: Client, store: Store) -> None:
    first = post(client(), Idempotency_Key="k1")
    again = post(client(), Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json["id"] == again.json["id"]
    other = post(client(), {**GOOD, "files": {"card.txt": "bye"}}, Idempotency_Key="k1")
    assert (other.status_code, other.json["type"]) == (422, "urn:sciportal:problem:key")
    assert post(client("bob"), Idempotency_Key="k1").json["id"] != first.json["id"]
    assert post(client(), Idempotency_Key="x" * 129).status_code == 400
    assert len(store.jobs(Listing())) == 2


def test_a_key_makes_one_job_also_at_once(client: Client, store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(client(), Idempotency_Key="k"), range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(store.jobs(Listing())) == 1


def test_quotas(client: Client, changed: Callable[..., flask.Flask]) -> None:
    app = changed(anonymous=True, limits={"jobs_a_user": 2, "anonymous_jobs": 1})
    people = [client(to=app), client(to=app), client(to=app), client("bob", to=app)]
    assert [post(each).status_code for each in people] == [201, 201, 429, 201]

    def somebody(address: str) -> int:
        visitor = app.test_client()
        visitor.environ_base["REMOTE_ADDR"] = address
        return post(visitor).status_code

    assert somebody("192.0.2.1") == 201
    assert somebody("192.0.2.1") == 429
    assert somebody("192.0.2.2") == 201
    assert somebody("2001:db8::1") == 201
    assert somebody("2001:db8::2") == 429


def test_an_account_is_needed_for_slurm(
    client: Client, changed: Callable[..., flask.Flask], portal: Portal, store: Store
) -> None:
    portal.settings.accounts.write_text("[users.bob]\naccount = 'bob'\n")
    answer = post(client(to=changed(default_backend="slurm")))
    assert answer.status_code in (400, 403)
    assert store.jobs(Listing()) == []

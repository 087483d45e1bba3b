"""Who sees which jobs, and who is believed to be whom."""

from __future__ import annotations

from collections.abc import Callable

import flask
import pytest
from flask.testing import FlaskClient

from jobs.samples import new_job
from sciportal.jobs import states
from sciportal.jobs.states import State
from sciportal.jobs.store.job import Job
from sciportal.jobs.store.store import Store
from sciportal.jobs.web.portal import Portal

Client = Callable[..., FlaskClient]
OF_A_JOB = (
    ("GET", ".json"),
    ("GET", ""),
    ("GET", ".html"),
    ("GET", "/status.json"),
    ("GET", "/results.json"),
    ("GET", "/data/index.json"),
    ("GET", "/data/out.txt"),
    ("GET", "/results/out.txt"),
    ("GET", "/log.json"),
    ("POST", "/cancel"),
    ("POST", "/delete"),
    ("POST", "?action=stop"),
    ("DELETE", ".json"),
)


@pytest.fixture
def job(portal: Portal) -> Job:
    """A job of alice's that ended, with results."""
    job = portal.store.submit(new_job("alice"))
    portal.store.apply(job.id, states.SENT)
    results = portal.settings.state_dir / "jobs" / str(job.id) / "results"
    results.mkdir(parents=True)
    (results / "out.txt").write_text("secret of alice")
    return portal.store.apply(job.id, states.finished(0))


@pytest.mark.parametrize(("method", "path"), OF_A_JOB)
def test_a_stranger_finds_nothing(
    client: Client, store: Store, job: Job, method: str, path: str
) -> None:
    refused = client("bob").open(f"/jobs/{job.id}{path}", method=method)
    nothing = client("bob").open(f"/jobs/{job.id + 1}{path}", method=method)
    assert refused.status_code == nothing.status_code == 404
    # Nor can he tell that there is one.
    said = refused.text.replace(f"job {job.id}", "job N")
    assert said == nothing.text.replace(f"job {job.id + 1}", "job N")
    assert "secret" not in refused.text
    assert store.job(job.id) == job


@pytest.mark.parametrize("user", ["alice", "carol"])
def test_its_owner_and_operators_see_it(client: Client, job: Job, user: str) -> None:
    for method, path in OF_A_JOB:
        if method == "GET" and not path.endswith("html"):
            assert client(user).get(f"/jobs/{job.id}{path}").status_code == 200
    assert client(user).get(f"/jobs/{job.id}/data/out.txt").data == b"secret of alice"


def test_lists_are_of_ones_own(client: Client, job: Job) -> None:
    assert client("alice").get("/jobs.json").json["jobs"] == [job.id]
    assert client("alice").get("/jobs/complete.json").json["jobs"] == [job.id]
    for path in ("/jobs.json", "/jobs/complete.json", "/jobs.json?owner=everybody"):
        assert client("bob").get(path).json["jobs"] == []
    assert client("carol").get("/jobs.json").json["jobs"] == []
    assert client("carol").get("/jobs.json?owner=everybody").json["jobs"] == [job.id]


def test_headers_are_believed_over_the_front_ends_socket_only(
    app: flask.Flask, changed: Callable[..., flask.Flask], job: Job
) -> None:
    headers = {"X-Shib-Userid": "alice", "X-Identity-Source": "shibboleth"}
    over_tcp = {"REMOTE_ADDR": "127.0.0.1"}
    over_unix = {"REMOTE_ADDR": "localhost"}
    path = f"/jobs/{job.id}.json"

    def status(of: flask.Flask, base: dict[str, str]) -> int:
        return of.test_client().get(path, headers=headers, environ_overrides=base).status_code

    assert status(app, over_unix) == 200
    assert status(app, over_tcp) == 401
    assert status(changed(trust="none"), over_unix) == 401
    # Where nobody signs in, they do not make an unnamed visitor somebody.
    assert status(changed(anonymous=True), over_tcp) == 404
    assert status(changed(trust="none", anonymous=True), over_tcp) == 404


def test_unnamed_visitors_see_what_came_from_their_address(
    changed: Callable[..., flask.Flask], store: Store
) -> None:
    job = store.submit(new_job("anonymous", origin="192.0.2.1"))
    visitor = changed(anonymous=True).test_client()
    here, there = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "192.0.2.2"}
    assert visitor.get(f"/jobs/{job.id}.json", environ_overrides=here).status_code == 200
    assert visitor.get(f"/jobs/{job.id}.json", environ_overrides=there).status_code == 404
    assert visitor.get("/jobs.json", environ_overrides=there).json["jobs"] == []
    # What one says of another address is not heard.
    forged = {"X-Forwarded-For": "192.0.2.1"}
    answer = visitor.get(f"/jobs/{job.id}.json", environ_overrides=there, headers=forged)
    assert answer.status_code == 404


def test_a_deleted_job_is_not_there(client: Client, store: Store, job: Job) -> None:
    assert client().delete(f"/jobs/{job.id}.json").json["jobs"] == []
    assert client().get(f"/jobs/{job.id}.json").status_code == 404
    assert client("carol").get(f"/jobs/{job.id}/data/out.txt").status_code == 404
    after = store.job(job.id)
    assert after is not None
    assert after.state is State.COMPLETE


def test_cross_site_requests_change_nothing(client: Client, store: Store) -> None:
    job = store.submit(new_job("alice"))
    person = client(source="certificate")
    for headers in (
        {},
        {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"},
        {"Origin": "https://evil.example", "Idempotency-Key": "k"},
        {"Sec-Fetch-Site": "same-site", "X-CSRF-Token": "1.x"},
    ):
        assert person.post(f"/jobs/{job.id}/cancel", headers=headers).status_code == 403
    assert person.delete(f"/jobs/{job.id}.json", headers={"Origin": "null"}).status_code == 403
    assert store.job(job.id) == job
    own = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
    assert person.post(f"/jobs/{job.id}/cancel", headers=own).json["status"] == "CANCEL"


@pytest.mark.parametrize(
    "path",
    ["/jobs/0.json", "/jobs/-1.json", "/jobs/01.json", "/jobs/9999999999999999999.json"]
    + [
        "/jobs/%D9%A1.json",
        "/jobs/1%00.json",
        "/jobs/1/data/",
        "/jobs/1/../jobs.json",
        "/jobs/x.json",
    ]
    + ["/jobs/999999999999999999.json"],
)
def test_no_number_of_a_job(client: Client, path: str) -> None:
    answer = client().get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=99999", "before=-1", "owner=bob"])
def test_bad_queries(client: Client, query: str) -> None:
    assert client().get(f"/jobs.json?{query}").status_code == 400


def test_other_methods(client: Client) -> None:
    answer = client().put("/jobs.json")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]

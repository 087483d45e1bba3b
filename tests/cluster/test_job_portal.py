"""People and programs submit jobs at the portal, watch them and get what they made."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.doors import CERTIFICATES, PORTAL, Doors, Person
from cluster.jobs import STATE, Client, program
from cluster.testbed import CTL, ROOT, WEB, Cluster, wait_for
from identity.site import Answer

pytestmark = pytest.mark.jobs

EXAMPLES = ROOT / "src" / "sciportal" / "jobs" / "shipped" / "examples"
HELPER = "/opt/sciportal/bin/sciportal-submit"


@pytest.fixture(scope="module")
def doors() -> Doors:
    """The doors of the web host."""
    return Doors()


@pytest.fixture(scope="module")
def bob(doors: Doors, cluster: Cluster) -> Iterator[Client]:
    """A program of bob's."""
    yield program(doors, "bob")
    cluster.run(WEB, ["/opt/sciportal/bin/sciportal-identity", "revoke", "--account", "bob"])


@pytest.fixture
def stranger(doors: Doors) -> Client:
    """Nobody whom the door knows."""
    return Client(doors)


def example(name: str) -> dict[str, str]:
    """The files of a shipped example; its model is called as the application wants it."""
    files = {each.name: each.read_text() for each in sorted((EXAMPLES / name).iterdir())}
    return {("model.py" if name.endswith(".py") else name): text for name, text in files.items()}


def test_a_job_runs_as_its_users_account_and_its_files_come_back(
    alice: Client, cluster: Cluster
) -> None:
    commands = "id -un; cat given.txt; echo made >made.txt; hostname"
    number = alice.shell(commands, name="first", files={"given.txt": "what was given\n"})
    job = alice.wait(number)
    assert (job["status"], job["exit_code"], job["owner"]) == ("COMPLETE", 0, "alice")
    assert alice.file(number, "made.txt") == "made\n"
    log = alice.get(f"/jobs/{number}/log.json?from=0")
    assert "what was given" in json.dumps(log), log
    causes = [each["cause"] for each in job["events"]]
    assert causes.index("submitted") < causes.index("started") < causes.index("finished")
    # As the seed had it, for whoever reads files.
    status = f"{STATE}/Descriptors/User/alice/job{number}/status"
    said = cluster.run(WEB, ["sh", "-c", f"cat {STATE}/Descriptors/User/alice/*{number}/status"])
    assert "started" in said.out, status


def test_the_exit_code_of_a_job_that_fails_is_told(alice: Client) -> None:
    job = alice.wait(alice.shell("echo before >kept.txt; exit 3"))
    assert (job["status"], job["exit_code"]) == ("ERROR", 3)
    assert alice.file(job["id"], "kept.txt") == "before\n"


def test_the_same_request_twice_is_one_job(alice: Client) -> None:
    body = {"application": "shell", "parameters": {"commands": "true"}}
    both = [
        alice.ask("POST", "/jobs.json", body, "Idempotency-Key: cluster-twice") for _ in range(2)
    ]
    assert {each.status for each in both} <= {200, 201}
    assert len({json.loads(each.text)["id"] for each in both}) == 1


def test_a_job_is_cancelled_in_slurm_too(alice: Client, cluster: Cluster) -> None:
    number = alice.shell("sleep 600")
    alice.wait(number, "ACTIVE")
    listed = ["squeue", "-h", "-u", "alice", "-o", "%j"]
    name = f"sciportal-{number}-1"
    assert name in cluster.run(CTL, listed).out.split()
    assert alice.ask("POST", f"/jobs/{number}/cancel", {}).status == 200
    assert alice.wait(number, "CANCEL")["status"] == "CANCEL"
    wait_for(lambda: name not in cluster.run(CTL, listed).out.split(), 30)


def test_jobs_of_others_are_not_there(alice: Client, bob: Client) -> None:
    number = alice.shell("echo secret >secret.txt")
    alice.wait(number)
    for path in (".json", "/status.json", "/data/secret.txt", "/data/index.json", "/log.json"):
        assert bob.ask("GET", f"/jobs/{number}{path}").status == 404, path
    assert bob.ask("POST", f"/jobs/{number}/cancel", {}).status == 404
    assert bob.ask("DELETE", f"/jobs/{number}.json").status == 404
    assert number not in bob.get("/jobs.json")["jobs"]
    assert number in alice.get("/jobs.json")["jobs"]


def test_who_has_no_account_on_the_cluster_is_told(doors: Doors, cluster: Cluster) -> None:
    said = cluster.run(
        WEB,
        ["runuser", "-u", "portal", "--", "sudo", "-n", HELPER, "status"],
        stdin='{"user": "carol"}\n',
        check=False,
    )
    assert said.code != 0
    assert "carol" in said.out
    assert "account map" in said.out


def test_a_person_sees_the_services_of_the_account(alice: Client, cluster: Cluster) -> None:
    listed = json.loads(
        cluster.run(CTL, ["sbatch-service", "status", "--json"], user="alice", check=False).out
    )
    shown = alice.ask("GET", "/services.html", None, "Accept: text/html")
    assert shown.status == 200, shown
    assert "What to do" not in shown.text
    named = set(re.findall(r'id="service-([^"]+)"', shown.text))
    assert named == {each["service"] for each in listed["results"]}, shown.text


def test_strangers_are_sent_to_sign_in(stranger: Client) -> None:
    for path in ("/jobs.json", "/jobs.html", "/applications.json", "/services.html"):
        answer = stranger.ask("GET", path)
        assert answer.status in (302, 401), answer
        assert "/idp/" in answer.headers.get("location", "/idp/")


@pytest.mark.parametrize("header", ["X-Shib-Userid: carol", "X-Shib-Userid: alice"])
def test_nobody_becomes_somebody_by_a_header(
    stranger: Client, alice: Client, bob: Client, header: str
) -> None:
    number = alice.shell("true")
    named = (header, "X-Identity-Source: shibboleth")
    assert stranger.ask("GET", "/jobs.json", None, *named).status in (302, 400, 401)
    answer = bob.ask("GET", "/jobs.json?owner=everybody", None, *named)
    assert number not in json.loads(answer.text)["jobs"]
    assert bob.ask("GET", f"/jobs/{number}.json", None, *named).status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/jobs/nextjob.json"),
        ("POST", "/jobs/heartbeat.json"),
        ("POST", "/jobs/1/postjob"),
        ("GET", "/jobs/1/inputs/model.py"),
    ],
)
def test_workers_need_their_token(stranger: Client, alice: Client, method: str, path: str) -> None:
    body = None if method == "GET" else {}
    wrong = "Authorization: Bearer 0123456789abcdef0123456789abcdef"
    assert stranger.ask(method, path, body).status == 401
    assert stranger.ask(method, path, body, wrong).status == 401
    # What lets people in is no token of a worker.
    assert alice.ask(method, path, body).status in (401, 403)


def test_an_upload_that_says_it_is_too_large_is_refused_before_it_is_sent(alice: Client) -> None:
    answer = alice.ask("POST", "/jobs.json", None, "Content-Length: 2000000000")
    assert answer.status in (400, 413), answer


def test_a_person_submits_the_form_and_sees_the_job(doors: Doors) -> None:
    person = Person(doors, "shibboleth", None)
    form = person.visitor.sign_in("alice", f"{PORTAL}/applications/shell.html")
    assert form.status == 200, form
    fields = dict(re.findall(r'name="(csrf|once)"[^>]*value="([^"]*)"', form.text))
    assert "csrf" in fields, form.text
    sent = {**{key: html.unescape(each) for key, each in fields.items()}}
    sent |= dict(re.findall(r'<input[^>]*name="([a-z_.-]+)"[^>]*value="([^"]*)"', form.text)) | sent
    boundary = "----cluster"
    commands = _named(form, "commands")
    sent[commands] = "echo by a person >by.txt"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{each}\r\n'
        for key, each in sent.items()
    ]
    body = "".join([*parts, f"--{boundary}--\r\n"]).encode()
    host = "portal.sciportal.localhost"
    jar = "; ".join(f"{key}={each}" for key, each in person.visitor.cookies[host].items())
    client = Client(doors, f"Cookie: {jar}")
    heads = (f"Content-Type: multipart/form-data; boundary={boundary}", f"Origin: {PORTAL}")
    answer = client.ask("POST", "/applications/shell.html", body, *heads)
    assert answer.status == 303, answer
    page = answer.headers["location"]
    number = int(re.findall(r"/jobs/(\d+)", page)[0])
    assert client.wait(number)["status"] == "COMPLETE"
    shown = client.ask("GET", f"/jobs/{number}.html", None, "Accept: text/html")
    assert shown.status == 200
    assert "by.txt" in shown.text
    # Without the form's token, a page elsewhere could have sent it.
    forged = body.replace(fields["csrf"].encode(), b"1.forged")
    assert client.ask("POST", "/applications/shell.html", forged, *heads).status == 403


def _named(form: Answer, parameter: str) -> str:
    """The name of a parameter's field."""
    names = re.findall(r'<textarea[^>]*name="([^"]*)"', form.text)
    return next(each for each in names if each.endswith(parameter))


def test_the_door_of_certificates_leads_to_the_same_jobs(alice: Client, doors: Doors) -> None:
    person = Person(doors, "certificate", "alice")
    answer = person.visitor.ask(f"https://portal.sciportal.localhost:{CERTIFICATES}/jobs.json")
    assert answer.status == 200, answer
    assert json.loads(answer.text)["jobs"] == alice.get("/jobs.json")["jobs"]


@pytest.mark.parametrize("application", ["bumps", "refl1d"])
def test_a_fit_has_its_plots(alice: Client, application: str, science: Path) -> None:
    parameters = {"samples": 1000, "burn": 20, "seed": 1}
    number = alice.submit(application, parameters=parameters, files=example(application))
    job = alice.wait(number, seconds=240)
    assert job["status"] == "COMPLETE", (job, alice.get(f"/jobs/{number}/log.json?from=0"))
    index = json.dumps(alice.get(f"/jobs/{number}/data/index.json"))
    found = re.findall(r"[A-Za-z0-9_./-]+\.png", index)
    assert found, index
    assert alice.file(number, found[0])[1:4] == "PNG"

"""The type uwsgi: an application behind the front end, under load, broken and hostile."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster import applications
from cluster.applications import Application
from cluster.frameworks import FLASK
from cluster.load import Load, is_served
from cluster.squat import visit
from cluster.testbed import CTL, NODES, WEB, Cluster, Page, Service, wait_for
from cluster.visitor import ask, handshake
from cluster.wrk import CONNECTIONS, Wrk, prepare

pytestmark = pytest.mark.uwsgi

URL = "/~alice:uwsgi"
APP_INI = ".uwsgi-service/app.ini"
BROKEN = "import nothing_of_that_name\n"
# Far from the timeout of a start that hears nothing of its service.
FAILS_WITHIN_SECONDS = 30


@pytest.fixture(scope="module", autouse=True)
def software(cluster: Cluster) -> Iterator[None]:
    """alice has what the applications need."""
    applications.prepare(cluster, "alice")
    yield
    cluster.service("alice", "purge", "--yes", "--no-archive", "uwsgi", check=False)
    applications.clean(cluster, "alice")


@pytest.fixture
def service(cluster: Cluster) -> Service:
    """alice's application server, as the last test left it."""
    return Service(cluster, "uwsgi")


@pytest.fixture
def flask(cluster: Cluster, service: Service) -> Service:
    """alice's application server with the Flask application."""
    wanted = FLASK.files[FLASK.location]
    there = cluster.run(CTL, ["cat", FLASK.location], user="alice", check=False).out
    if there != wanted or service.status()["state"] != "running":
        deployed(cluster, FLASK)
    return service


def deployed(cluster: Cluster, application: Application) -> Page:
    """Deploy an application, and its first page."""
    applications.deploy(cluster, "alice", application)
    page = wait_for(lambda: served(cluster, f"{URL}/"), 5)
    assert isinstance(page, Page)
    return page


def served(cluster: Cluster, path: str) -> Page | None:
    page = cluster.get(path)
    return page if page.status == 200 else None


def place(service: Service) -> tuple[str, int]:
    """Node and port of a service that runs."""
    told = service.status()
    return told["node"], told["endpoint"]["port"]


def test_it_has_the_port_that_follows_from_the_uid(flask: Service) -> None:
    assert place(flask)[1] == 2001 % 8192 + 8192


def test_the_application_is_told_what_the_front_end_says_and_nothing_else(
    cluster: Cluster, flask: Service
) -> None:
    path = f"{URL}/seen/a%20b/%C3%A4?x=%2F1&y=%20"
    forged = ("X-Forwarded-For: 192.0.2.1", "X_Forwarded_Prefix: /evil", "Remote-User: root")
    told = json.loads(ask(cluster, path, *forged).body)
    seen = told["environ"]
    assert (told["rest"], told["query"]) == ("a b/ä", "x=%2F1&y=%20")
    assert seen["SCRIPT_NAME"] == URL
    assert seen["REQUEST_URI"] == path
    assert seen["HTTP_X_FORWARDED_PREFIX"] == URL
    assert seen["HTTP_X_FORWARDED_HOST"] == seen["HTTP_HOST"] == "pages.test"
    assert seen["HTTP_X_FORWARDED_PROTO"] == seen["wsgi.url_scheme"] == "http"
    assert seen["HTTP_X_FORWARDED_FOR"] == seen["REMOTE_ADDR"] != "192.0.2.1"
    assert not {name for name in seen if "REMOTE_USER" in name}
    assert seen["PATH_INFO"] == "/seen/a b/Ã¤"


def test_an_upload_of_unknown_length_is_refused_with_a_sentence(
    cluster: Cluster, flask: Service
) -> None:
    answer = ask(
        cluster,
        f"{URL}/size",
        "Transfer-Encoding: chunked",
        method="POST",
        body="1\r\nx\r\n0\r\n\r\n",
    )
    assert answer.status == 411
    assert b"Content-Length" in answer.body
    assert b"<strong>uwsgi</strong> of the account <strong>alice</strong>" in answer.body


def test_what_the_protocol_does_not_carry_is_refused(cluster: Cluster, flask: Service) -> None:
    assert ask(cluster, f"{URL}/seen/a%2Fb").status == 404
    assert handshake(cluster, f"{URL}/")[0] == 400


def test_an_application_that_dies_is_a_bad_gateway_and_lives_on(
    cluster: Cluster, flask: Service
) -> None:
    page = cluster.get(f"{URL}/die")
    assert page.status == 502
    assert "<strong>uwsgi</strong> of the account <strong>alice</strong>" in page.text
    assert page.text.startswith("<!DOCTYPE html>")
    for status in (404, 500, 502, 503):
        page = cluster.get(f"{URL}/status/{status}")
        assert (page.status, page.text) == (status, "the application's own words")
    assert cluster.get(f"{URL}/").status == 200


def test_a_stopped_service_is_not_running_and_a_started_one_is_routed_within_two_seconds(
    cluster: Cluster, flask: Service
) -> None:
    flask("stop")
    wait_for(lambda: cluster.get(f"{URL}/").status == 503, 2)
    assert "sbatch-service start" in cluster.get(f"{URL}/").text
    flask("start", "--wait")
    wait_for(lambda: served(cluster, f"{URL}/"), 2, every=0.05)


def reload_under_load(cluster: Cluster, service: Service, seconds: float) -> None:
    load = Load(cluster, [(f"{URL}/", 0.0)] * 16)
    end = time.monotonic() + seconds
    reloads = 0
    with load.running():
        while time.monotonic() < end:
            time.sleep(1)
            service("reload")
            reloads += 1
        time.sleep(1)
    lost = [each for each in load.answers() if not is_served(each)]
    assert not lost, lost[:3]
    assert len(load.requests) > CONNECTIONS
    assert reloads > 1


def test_no_request_is_lost_by_reloads_under_load(cluster: Cluster, flask: Service) -> None:
    reload_under_load(cluster, flask, 5)


@pytest.mark.long
def test_no_request_is_lost_by_reloads_under_load_for_half_a_minute(
    cluster: Cluster, flask: Service
) -> None:
    reload_under_load(cluster, flask, 30)


# Each reload of the front end cuts idle connections, which wrk counts.
@pytest.mark.alone
@pytest.mark.parametrize("seconds", [5, pytest.param(30, marks=pytest.mark.long)])
def test_a_deploy_under_load_answers_nothing_wrong(
    cluster: Cluster, flask: Service, seconds: int
) -> None:
    """While no instance runs, visitors are told when to come back."""
    prepare(cluster)
    load = Wrk(cluster, f"{URL}/", seconds)
    time.sleep(1)
    flask("deploy", "--wait")
    outcome = load.outcome()
    assert outcome.served > CONNECTIONS
    assert (outcome.failed, outcome.broken, outcome.late) == (0, 0, 0), outcome


def test_a_reload_takes_new_code(cluster: Cluster, flask: Service) -> None:
    cluster.write("alice", "web/words.py", 'GREETING = "moin"\n')
    flask("reload")
    wait_for(lambda: cluster.get(f"{URL}/").text.startswith("moin"), 5)


@pytest.mark.parametrize("action", ["reload", "restart", "deploy"])
def test_a_broken_application_leaves_the_running_one_alone(
    cluster: Cluster, flask: Service, action: str
) -> None:
    cluster.write("alice", "web/words.py", BROKEN)
    try:
        done = flask(action, check=False)
        assert done.code == 1
        assert "uwsgi cannot load it" in done.err
        assert "No module named 'nothing_of_that_name'" in done.err
        assert cluster.get(f"{URL}/").status == 200
    finally:
        cluster.write("alice", "web/words.py", FLASK.files["web/words.py"])


def test_a_request_in_flight_is_finished_by_a_stop(cluster: Cluster, flask: Service) -> None:
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(cluster.get, f"{URL}/slow")
        time.sleep(1)
        begun = time.monotonic()
        flask("stop")
        took = time.monotonic() - begun
        page = slow.result()
    assert (page.status, page.text) == (200, "slow")
    assert took < 20


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("web/app.py", BROKEN, "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        (APP_INI, "[uwsgi]\nplugin = python3\nwsgi-fil = web/app.py\n", "wsgi-fil"),
        (APP_INI, "[uwsgi]\nplugin = python3\nwsgi-file = web/none.py\n", "web/none.py"),
        (APP_INI, "[uwsgi]\nplugin = fish\n", "line 2: uwsgi's plugin 'fish' is not installed"),
        (".uwsgi-service/options.ini", "worker = 2\n", "did you mean 'workers'?"),
    ],
)
def test_a_broken_application_fails_the_start_with_uwsgis_own_words(
    cluster: Cluster, flask: Service, path: str, text: str, says: str
) -> None:
    whole = cluster.run(CTL, ["cat", path], user="alice").out
    flask("stop")
    cluster.write("alice", path, text)
    try:
        begun = time.monotonic()
        done = flask("start", "--wait", check=False)
        took = time.monotonic() - begun
        assert done.code == 1
        assert says in done.err
        assert took < FAILS_WITHIN_SECONDS, took
        # Nor is it tried again.
        assert cluster.jobs("alice", "uwsgi", "PENDING,RUNNING") == []
        assert flask.status()["state"] == "stopped"
    finally:
        cluster.write("alice", path, whole)
    flask("start", "--wait")


def test_nobody_but_the_web_host_and_the_owner_on_the_node_can_connect(
    cluster: Cluster, flask: Service
) -> None:
    # Whoever connects to such a socket can have uwsgi load a file of his own.
    node, port = place(flask)
    other = next(each for each in NODES if each != node)
    for host, user in ((node, "bob"), (other, "bob"), (CTL, "bob"), (CTL, "alice"), (WEB, "bob")):
        assert visit(cluster, host, user, node, port).refused, (host, user)
    # The web host can, or there would be no page.
    assert not visit(cluster, node, "alice", node, port).refused


HOSTILE = """\
[uwsgi]
plugin = python3
wsgi-file = web/app.py
uid = root
exec-as-root = id -un >/tmp/uwsgi-hostile; touch /etc/uwsgi-hostile; true
exec-pre-jail = id -un >>/tmp/uwsgi-hostile; touch /etc/uwsgi-hostile; true
attach-daemon = python3 -m http.server PORT --directory /
"""


@pytest.fixture
def bob(cluster: Cluster) -> Iterator[Service]:
    """bob's application server, with an application that loads."""
    made = Service(cluster, "uwsgi", "bob")
    text = "def application(environ, start):\n    start('200 OK', [])\n    return [b'bob']\n"
    files = {"web/app.py": text}
    applications.write(cluster, "bob", Application("python3", "web/app.py", files))
    yield made
    made("purge", "--yes", "--no-archive", check=False)
    cluster.run(CTL, ["rm", "-rf", "web"], user="bob")
    for node in NODES:
        cluster.run(node, ["rm", "-f", "/tmp/uwsgi-hostile", "/etc/uwsgi-hostile"])


def test_a_hostile_configuration_has_the_rights_of_its_account_and_no_more(
    cluster: Cluster, flask: Service, bob: Service
) -> None:
    node, port = place(flask)
    other = next(each for each in NODES if each != node)
    cluster.write("bob", APP_INI, HOSTILE.replace("PORT", str(port)))
    cluster.write("bob", ".sbatch-service/uwsgi.toml", f'sbatch = ["--nodelist={other}"]\n')
    bob("deploy", "--wait")
    wait_for(lambda: cluster.get("/~bob:uwsgi/").text == "bob", 5)
    whose = cluster.run(other, ["ps", "-C", "uwsgi,uwsgi-core", "-o", "user="]).out
    assert set(whose.split()) == {"bob"}
    assert set(cluster.run(other, ["cat", "/tmp/uwsgi-hostile"]).out.split()) == {"bob"}
    assert cluster.run(other, ["test", "-e", "/etc/uwsgi-hostile"], check=False).code == 1
    # His daemon listens on her port, on a node where she does not; nobody hears it.
    wait_for(lambda: f":{port} " in cluster.run(other, ["ss", "-Hltn"]).out, 5)
    assert visit(cluster, WEB, "www-data", other, port).refused
    assert cluster.get(f"{URL}/").text.startswith("hello")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("ini = /home/alice/.uwsgi-service/app.ini", "Permission denied"),
        ("http-socket = :PORT", "Address already in use"),
    ],
)
def test_a_configuration_that_reaches_for_anothers_gets_nothing(
    cluster: Cluster, flask: Service, bob: Service, line: str, says: str
) -> None:
    node, port = place(flask)
    text = f"[uwsgi]\nplugin = python3\nwsgi-file = web/app.py\n{line.replace('PORT', str(port))}\n"
    cluster.write("bob", APP_INI, text)
    cluster.write("bob", ".sbatch-service/uwsgi.toml", f'sbatch = ["--nodelist={node}"]\n')
    done = bob("deploy", "--wait", check=False)
    assert done.code == 1
    assert says in done.err + bob.log()
    assert cluster.get(f"{URL}/").text.startswith("hello")


def test_a_port_of_the_accounts_own_is_used_and_a_taken_one_refused(
    cluster: Cluster, flask: Service, bob: Service
) -> None:
    _node, hers = place(flask)
    cluster.write("bob", APP_INI, "[uwsgi]\nplugin = python3\nwsgi-file = web/app.py\n")
    mine = "; mine\n[uwsgi]\nsocket = :{}\n"
    for port, says in ((80, "use 8192 to 32767"), (hers, "(uwsgi-service of alice) has it")):
        cluster.write("bob", ".uwsgi-service/ports.ini", mine.format(port))
        done = bob("deploy", check=False)
        assert done.code == 1
        assert says in done.err
    cluster.write("bob", ".uwsgi-service/ports.ini", mine.format(9200))
    bob("deploy", "--wait")
    assert place(bob)[1] == 9200
    assert cluster.run(CTL, ["cat", ".uwsgi-service/ports.ini"], user="bob").out == mine.format(
        9200
    )


def test_init_asks_on_a_terminal(cluster: Cluster, bob: Service) -> None:
    cluster.run(CTL, ["rm", "-f", APP_INI], user="bob")
    done = bob("init", check=False)
    assert done.code == 1
    assert "UWSGI_PLUGIN" in done.err
    # script(1) gives it a terminal; what is typed ahead waits there.
    typed = "(sleep 1; echo ruby; sleep 1; echo psgi; sleep 1; echo web/app.psgi; sleep 1)"
    line = f"{typed} | script -qec 'sbatch-service init uwsgi' /dev/null"
    said = cluster.run(CTL, ["bash", "-c", line], user="bob").out
    assert said.count("Which plugin runs your application (python3, psgi, rack)?") == 2
    assert "Which file in your home is it (for example web/app.psgi)?" in said
    made = cluster.run(CTL, ["cat", APP_INI], user="bob").out
    assert "plugin = psgi\npsgi = web/app.psgi\n" in made

"""Applications of uwsgi from data alone: installed, changed, refused, edited by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cluster.data import brought, by_owner, by_root, flat, gone, status, text_of
from cluster.testbed import CTL, Cluster, wait_for

pytestmark = [pytest.mark.uwsgi, pytest.mark.more]

OWN = ".uwsgi-service"
PEOPLE = ("alice", "bob")
PROGRAM = """\
import os
import threading
import words

def greet(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    said = [words.GREETING, os.environ.get("STAGE", "nowhere"), environ["SCRIPT_NAME"]]
    return [" ".join(said).encode()]
"""
FILES = [
    {"path": "data-web/app.py", "content": PROGRAM},
    {"path": "data-web/lib/words.py", "content": 'GREETING = "hello"\n'},
]
APP = {
    "plugin": "python",
    "location": "data-web/app.py",
    "callable": "greet",
    "pythonpath": "data-web/lib",
    "env": {"STAGE": "from-data"},
}
CONFIG: dict[str, Any] = {
    "app": APP,
    "options": {"workers": 2, "static-map": ["/words=data-web/lib"]},
}


def entry(config: dict[str, Any], **more: Any) -> dict[str, Any]:
    """alice's or bob's uwsgi in the data of the role."""
    return {"name": "uwsgi", "files": FILES, "config": config, **more}


@pytest.fixture(scope="module", autouse=True)
def homes(cluster: Cluster) -> Iterator[None]:
    """Neither has a uwsgi before and afterwards."""
    for user in PEOPLE:
        gone(cluster, user, "uwsgi")
    yield
    for user in PEOPLE:
        gone(cluster, user, "uwsgi")
        cluster.run(CTL, ["rm", "-rf", "data-web"], user=user)


@pytest.fixture
def served(cluster: Cluster) -> None:
    """alice's application runs as the data have it, whatever the last test left."""
    brought(cluster, {"alice": [entry(CONFIG)]})
    wait_for(lambda: page(cluster) == "hello from-data /~alice:uwsgi", 30)


def page(cluster: Cluster, user: str = "alice", path: str = "") -> str:
    return cluster.get(f"/~{user}:uwsgi/{path}").text


def ended(cluster: Cluster, path: str) -> str:
    return text_of(cluster, "alice", f"{OWN}/{path}")


def test_a_user_without_root_has_an_application_from_data_alone(cluster: Cluster) -> None:
    foretold = by_owner("alice", [entry(CONFIG)], "--check").ok()
    run = by_owner("alice", [entry(CONFIG)], "--diff").ok()
    again = (
        by_owner("alice", [entry(CONFIG)], "--check").ok(),
        by_owner("alice", [entry(CONFIG)]).ok(),
    )

    # Files in directories that are not there yet cannot be compared by check mode.
    assert foretold.changed > 0
    assert run.changed > 0
    assert [each.changed for each in again] == [0, 0]
    assert "+wsgi-file = data-web/app.py" in run.text
    wait_for(lambda: page(cluster) == "hello from-data /~alice:uwsgi", 30)
    assert page(cluster, path="words/words.py") == FILES[1]["content"]
    told = cluster.run(CTL, ["stat", "-c", "%U %a", f"{OWN}/app.ini"], user="alice").out
    assert told == "alice 600\n"


def test_root_gives_two_accounts_theirs_and_one_a_port_of_its_own(
    cluster: Cluster, served: None
) -> None:
    job = status(cluster, "alice", "uwsgi")["job_id"]
    ports = {"alice": [entry(CONFIG)], "bob": [entry({**CONFIG, "port": 9321})]}
    by_root(ports).ok()
    assert by_root(ports).ok().changed == 0
    assert status(cluster, "bob", "uwsgi")["endpoint"]["port"] == 9321
    wait_for(lambda: page(cluster, "bob") == "hello from-data /~bob:uwsgi", 30)
    assert status(cluster, "alice", "uwsgi")["job_id"] == job

    # What somebody else has is told before anything is done.
    hers = status(cluster, "alice", "uwsgi")["endpoint"]["port"]
    run = by_root({"bob": [entry({**CONFIG, "port": hers})]})
    assert run.code == 2
    assert "(uwsgi-service of alice) has it" in flat(run)
    assert status(cluster, "bob", "uwsgi")["endpoint"]["port"] == 9321


def test_a_changed_application_is_tried_and_the_service_restarted(
    cluster: Cluster, served: None
) -> None:
    job = status(cluster, "alice", "uwsgi")["job_id"]
    app = {key: value for key, value in APP.items() if key != "env"}
    run = by_owner("alice", [entry({"app": app})], "--diff").ok()
    assert "-env = STAGE=from-data" in run.text
    wait_for(lambda: page(cluster) == "hello nowhere /~alice:uwsgi", 30)
    assert status(cluster, "alice", "uwsgi")["job_id"] != job
    # Of options the data said nothing.
    assert "workers = 2\n" in ended(cluster, "options.ini")


def test_a_new_program_is_taken_by_itself_where_the_options_say_so(
    cluster: Cluster, served: None
) -> None:
    touched = {**CONFIG, "options": {**CONFIG["options"], "touch-reload": "data-web/lib/words.py"}}
    by_owner("alice", [entry(touched)]).ok()
    wait_for(lambda: page(cluster) == "hello from-data /~alice:uwsgi", 30)
    job = status(cluster, "alice", "uwsgi")["job_id"]
    newer = [FILES[0], {**FILES[1], "content": 'GREETING = "moin"\n'}]
    assert by_owner("alice", [entry(touched, files=newer)]).ok().changed == 1
    wait_for(lambda: page(cluster) == "moin from-data /~alice:uwsgi", 30)
    assert status(cluster, "alice", "uwsgi")["job_id"] == job


def test_an_application_that_cannot_be_loaded_leaves_files_and_instance_as_they_were(
    cluster: Cluster, served: None
) -> None:
    job = status(cluster, "alice", "uwsgi")["job_id"]
    before = [ended(cluster, name) for name in ("app.ini", "options.ini", ".given")]
    broken = {"app": {**APP, "callable": "nobody"}, "options": {"workers": 3}}
    run = by_owner("alice", [entry(broken)])
    assert run.code == 2
    assert "the config of uwsgi: stage stop" in flat(run)
    assert "uwsgi cannot load it" in flat(run)
    assert [ended(cluster, name) for name in ("app.ini", "options.ini", ".given")] == before
    assert status(cluster, "alice", "uwsgi")["job_id"] == job
    assert page(cluster) == "hello from-data /~alice:uwsgi"
    assert by_owner("alice", [entry(CONFIG)]).ok().changed == 0


def test_an_app_ini_that_was_edited_is_kept_and_the_rest_written(
    cluster: Cluster, served: None
) -> None:
    edited = ended(cluster, "app.ini").replace("from-data", "by-hand")
    cluster.write("alice", f"{OWN}/app.ini", edited)
    config = {**CONFIG, "options": {"workers": 3}}
    kept = by_owner("alice", [entry(config)]).ok()
    assert f"uwsgi of alice: ~/{OWN}/app.ini was changed by hand and is kept" in flat(kept)
    assert ended(cluster, "app.ini") == edited
    assert "workers = 3\n" in ended(cluster, "options.ini")
    wait_for(lambda: page(cluster) == "hello by-hand /~alice:uwsgi", 30)


def test_the_application_that_init_asked_for_gives_way_to_data(cluster: Cluster) -> None:
    gone(cluster, "alice", "uwsgi")
    for each in FILES:
        cluster.write("alice", each["path"], each["content"])
    words = ("env", "UWSGI_PLUGIN=psgi", "UWSGI_LOCATION=other", "sbatch-service", "init", "uwsgi")
    cluster.run(CTL, words, user="alice")
    run = by_owner("alice", [entry(CONFIG)]).ok()
    assert "by hand" not in run.text
    wait_for(lambda: page(cluster) == "hello from-data /~alice:uwsgi", 30)

"""WSGI applications on the web host: served, upgraded, leaking."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster import wsgi
from cluster.load import Load, is_served
from cluster.testbed import WEB, Cluster, wait_for
from cluster.wsgi import (
    ACCOUNT,
    CONTROL,
    MODULE,
    PROGRAM,
    UNIT,
    application,
    as_account,
    bring,
    deploy,
    told,
)

pytestmark = [pytest.mark.web, pytest.mark.more, pytest.mark.usefixtures("web_applications")]


def pids(cluster: Cluster) -> dict[str, str]:
    """The process of each program of supervisord."""
    lines = as_account(cluster, *CONTROL, "status", check=False).out.splitlines()
    return {line.split()[0]: line.split("pid ")[1].split(",")[0] for line in lines if "pid" in line}


def test_an_application_runs_as_its_account_and_gets_what_apache_knows(cluster: Cluster) -> None:
    uid = int(cluster.run(WEB, ["id", "-u", ACCOUNT]).out)
    for name, prefix in ((UNIT, ""), (PROGRAM, "/queue"), (MODULE, "/queue")):
        found = told(cluster, name, f"{prefix}/a%20b?c=d")
        assert (found["version"], found["uid"]) == ("1", uid), name
        assert found["SCRIPT_NAME"] == prefix
        assert found["PATH_INFO"] == "/a b"
        assert found["QUERY_STRING"] == "c=d"
        assert found["HTTP_HOST"] == f"{name}.test"
        assert found["HTTP_X_FORWARDED_PROTO"] == "http"
    assert told(cluster, PROGRAM, "/queue")["SCRIPT_NAME"] == "/queue"
    assert cluster.get("/other", {"Host": f"{PROGRAM}.test"}).status == 404


def test_what_a_client_says_in_apaches_name_does_not_arrive(cluster: Cluster) -> None:
    forged = {"X-Shib-Userid": "admin", "X_Forwarded_For": "1.2.3.4", "Remote-User": "admin"}
    for name, path in ((UNIT, "/"), (PROGRAM, "/queue/"), (MODULE, "/queue/")):
        page = cluster.get(path, {**forged, "Host": f"{name}.test"})
        values = [str(value) for value in json.loads(page.text).values()]
        assert "admin" not in values
        assert "1.2.3.4" not in values
        assert cluster.get(path, {"Host": f"{name}.test", "X-Shib-New": "admin"}).status == 400


def test_a_second_run_changes_nothing(cluster: Cluster) -> None:
    before = pids(cluster)
    assert bring("1", "100001").ok().changed == 0
    assert pids(cluster) == before


def test_an_upgrade_under_load_loses_no_request_and_restarts_only_what_changed(
    cluster: Cluster,
) -> None:
    before = pids(cluster)
    loads = [
        Load(cluster, [("/x", 0.2)] * 10, f"{UNIT}.test"),
        Load(cluster, [("/queue/x", 0.5)] * 5, f"{PROGRAM}.test"),
    ]
    with loads[0].running(), loads[1].running():
        bring("2", "100002").ok()
    for load in loads:
        answers = load.answers()
        failed = [each for each in answers if not is_served(each)]
        assert failed == []
        versions = [json.loads(each.page.text)["version"] for each in answers if each.page]
        assert set(versions) == {"1", "2"}
        assert versions[-1] == "2"
    after = pids(cluster)
    assert {name for name in after if after[name] != before[name]} == {"tick"}
    for name, path in ((UNIT, "/"), (PROGRAM, "/queue/"), (MODULE, "/queue/")):
        assert {told(cluster, name, path)["version"] for _ in range(20)} == {"2"}


def test_a_leaking_application_is_recycled_without_a_failed_request(cluster: Cluster) -> None:
    # A gigabyte a second: in its first one a process is not replaced, and 18 requests kill it.
    def ask(_: int) -> int:
        found: int = told(cluster, UNIT, "/?leak=100&sleep=0.4")["pid"]
        return found

    with ThreadPoolExecutor(4) as pool:
        answered = list(pool.map(ask, range(200)))
    # 20 GB in processes of 1.4 GB at most, and some that others use up.
    assert len(set(answered)) > 200 / 14
    assert max(answered.count(pid) for pid in set(answered)) <= 14 + 4


def test_one_that_grows_too_fast_is_killed(cluster: Cluster) -> None:
    # Apache found no answer.
    assert wsgi.get(cluster, UNIT, "/?leak=1900&sleep=100", timeout=150).status in (500, 502)
    log = ["sh", "-c", f"cat /home/{ACCOUNT}/private/logs/{UNIT}/*.log"]
    # Its master writes the log a moment later.
    wait_for(lambda: "EVIL RELOAD ON WORKER" in cluster.run(WEB, log).out, 30)
    assert told(cluster, UNIT)["version"]


def test_a_release_that_cannot_be_loaded_is_refused_and_the_old_one_goes_on(
    cluster: Cluster,
) -> None:
    broken = application(UNIT, "3", env={"GREETING": "hello world"})
    broken["files"] = [{"path": "app.py", "content": "import nothing_of_this_name\n"}]
    played = deploy(broken)
    assert played.code != 0
    assert "a trial of the application unit-app" in played.text
    assert "nothing_of_this_name" in played.text
    assert "what runs now goes on running" in played.text
    assert told(cluster, UNIT)["version"] == "2"
    as_account(cluster, "sciportal-app", "deploy", UNIT, "2")
    assert told(cluster, UNIT)["version"] == "2"


def test_wrong_data_are_refused_before_anything_is_changed(cluster: Cluster) -> None:
    before = pids(cluster)
    wrong = application(UNIT, "4", log_dir="|/bin/sh", server_name="x y")
    played = deploy(wrong, application(PROGRAM, "4", supervisord=True, path="/queue"))
    assert played.code != 0
    assert played.changed == 0
    assert "log_dir is '|/bin/sh'; give a directory below /var/log." in played.text
    assert "server_name is 'x y'; give the name of a host" in played.text
    program = {"name": "tick", "account": ACCOUNT, "command": ["/bin/sh", "-c", "true ;id"]}
    played = deploy(supervisord_programs=[program], supervisord_systemd=False)
    assert played.code != 0
    assert played.changed == 0
    assert "a space before ; or #" in played.text
    assert pids(cluster) == before


def test_its_account_can_load_it_anew_without_ansible(cluster: Cluster) -> None:
    before = {told(cluster, UNIT)["pid"] for _ in range(20)}
    said = as_account(cluster, "sciportal-app", "reload", UNIT)
    assert said.out == f"{UNIT}: reloaded one process after another\n"
    assert not before & {told(cluster, UNIT)["pid"] for _ in range(20)}
    status = json.loads(as_account(cluster, "sciportal-app", "status", UNIT).out)
    assert status["release"] == "2"
    assert status["workers"] >= 2


def test_a_program_that_dies_is_started_again(cluster: Cluster) -> None:
    before = pids(cluster)
    as_account(cluster, "kill", "-KILL", before["tock"])
    wait_for(lambda: pids(cluster).get("tock", before["tock"]) != before["tock"], 30)
    assert {**pids(cluster), "tock": ""} == {**before, "tock": ""}

"""Options of apache from data: given, dropped, refused, edited by hand; and hostile homes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.data import brought, by_owner, by_root, flat, gone, may_submit, status, text_of
from cluster.plays import GRANT, REVOKE, play
from cluster.testbed import CTL, Cluster, wait_for

pytestmark = pytest.mark.more

CONF = ".apache-service/options.conf"
WHO = {"path": "data/who.php", "content": '<?php echo "ran by ", `id -un`;'}
PAGES = {"public_html": {"files": [WHO, {"path": "data/deep/page.txt", "content": "deep\n"}]}}
PHP = {"options": {"EnablePHP": True}}
LISTED = {"options": ["EnableAutoIndex"], "directives": "ErrorDocument 404 'not of this world'\n"}
# bob's apache belongs to other tests.
PEOPLE = ("alice", "carol")
RELOADED = "Doing graceful restart"


def entry(config: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "apache", "config": config, **PAGES, **more}


TWO = {"alice": [entry(PHP)], "carol": [entry(LISTED)]}


@pytest.fixture(scope="module", autouse=True)
def homes(cluster: Cluster) -> Iterator[None]:
    """Neither has an apache before and afterwards, and meanwhile both may."""
    play(GRANT, {"account_names": ["carol"]}).ok()
    wait_for(lambda: may_submit(cluster, "carol"), 30)
    for user in PEOPLE:
        gone(cluster, user, "apache")
    yield
    for user in PEOPLE:
        gone(cluster, user, "apache")
        cluster.run(CTL, ["rm", "-rf", "public_html/data"], user=user)
    play(REVOKE, {"account_names": ["carol"]}).ok()


@pytest.fixture
def served(cluster: Cluster) -> None:
    """Both have what the data say, whatever the last test left."""
    brought(cluster, TWO)
    wait_for(lambda: page(cluster, "alice") == "ran by alice\n", 30)


def page(cluster: Cluster, user: str, path: str = "data/who.php") -> str:
    return cluster.get(f"/~{user}/{path}").text


def reloads(cluster: Cluster, user: str) -> int:
    return text_of(cluster, user, ".apache-service/log/error.log").count(RELOADED)


def test_root_gives_two_accounts_their_options_in_one_run(cluster: Cluster) -> None:
    foretold = by_root(TWO, "--check", "--diff").ok()
    assert cluster.run(CTL, ["test", "-e", CONF], user="alice", check=False).code == 1
    run = by_root(TWO, "--diff").ok()
    again = by_root(TWO, "--check").ok(), by_root(TWO).ok()

    assert foretold.changed == run.changed > 0
    assert [each.changed for each in again] == [0, 0]
    for each in (foretold, run):
        assert "+Define EnablePHP" in each.text
        assert "+ErrorDocument 404 'not of this world'" in each.text
    wait_for(lambda: page(cluster, "alice") == "ran by alice\n", 30)
    assert cluster.get("/~carol/data/who.php").status == 403
    assert "page.txt" in page(cluster, "carol", "data/deep/")
    assert cluster.get("/~alice/data/deep/").status == 404
    assert page(cluster, "carol", "data/no").startswith("not of this world")
    for user in PEOPLE:
        told = cluster.run(CTL, ["stat", "-c", "%U %a", CONF], user=user).out
        assert told == f"{user} 644\n"


def test_an_option_that_is_dropped_is_off_after_one_reload_of_the_same_job(
    cluster: Cluster, served: None
) -> None:
    job, before = status(cluster, "alice", "apache")["job_id"], reloads(cluster, "alice")
    none = {"options": {"EnablePHP": False, "EnableAutoIndex": True}}
    run = by_owner("alice", [entry(none)], "--diff").ok()
    assert "-Define EnablePHP" in run.text
    assert "+Define EnableAutoIndex" in run.text
    wait_for(lambda: cluster.get("/~alice/data/who.php").status == 403, 30)
    assert "page.txt" in page(cluster, "alice", "data/deep/")
    assert status(cluster, "alice", "apache")["job_id"] == job
    assert reloads(cluster, "alice") == before + 1
    # Without any data the file is nobody's business.
    text = text_of(cluster, "alice", CONF)
    assert by_owner("alice", [{"name": "apache"}]).ok().changed == 0
    assert text_of(cluster, "alice", CONF) == text


def test_what_was_edited_by_hand_is_kept_and_reported_until_it_is_forced(
    cluster: Cluster, served: None
) -> None:
    edited = text_of(cluster, "alice", CONF) + "ErrorDocument 404 'by hand'\n"
    cluster.write("alice", CONF, edited)
    cluster.service("alice", "reload", "apache")
    for words in (["--check"], []):
        kept = by_owner("alice", [entry({"options": {}})], *words).ok()
        assert kept.changed == 0
        assert f"apache of alice: ~/{CONF} was changed by hand and is kept" in flat(kept)
    wanted = {"service": "apache", "state": "deployed", "config": PHP}
    document = json.dumps({"schema": 1, "services": [wanted]})
    typed = cluster.service("alice", "apply", stdin=document)
    assert typed.out == "alice apache: unchanged\n"
    assert f"sbatch-service: apache: ~/{CONF} was changed by hand and is kept" in typed.err
    assert text_of(cluster, "alice", CONF) == edited
    wait_for(lambda: page(cluster, "alice", "data/no").startswith("by hand"), 30)

    assert by_owner("alice", [entry({"options": {}}, force=True)]).ok().changed == 1
    assert "by hand" not in text_of(cluster, "alice", CONF)
    wait_for(lambda: not page(cluster, "alice", "data/no").startswith("by hand"), 30)


def test_directives_that_apache_refuses_leave_file_and_instance_as_they_were(
    cluster: Cluster, served: None
) -> None:
    told, text = status(cluster, "alice", "apache"), text_of(cluster, "alice", CONF)
    before = reloads(cluster, "alice")
    run = by_root({"alice": [entry({**PHP, "directives": "Serverr\n"})]})
    assert run.code == 2
    assert "the config of apache: stage reload" in flat(run)
    assert "Invalid command 'Serverr'" in flat(run)
    assert text_of(cluster, "alice", CONF) == text
    assert status(cluster, "alice", "apache")["job_id"] == told["job_id"]
    assert reloads(cluster, "alice") == before
    assert page(cluster, "alice") == "ran by alice\n"
    assert by_root(TWO).ok().changed == 0


# Where what the account wrote leads, and what must not be written there.
OUTSIDE = "/srv/account-data"
THEIRS = {
    "a directory of root's": (".apache-service", OUTSIDE),
    "a file of root's": (CONF, f"{OUTSIDE}/options.conf"),
    "a file of bob's": (CONF, f"{OUTSIDE}/of-bob"),
    "a record of bob's": (".apache-service/.given", f"{OUTSIDE}/of-bob"),
    "nothing yet": (CONF, f"{OUTSIDE}/new"),
}
MAKE = """\
set -e
mkdir -p "$1" && cd "$1"
for each in options.conf .given of-bob; do echo '# theirs' >$each; done
chown bob: of-bob; chmod 644 *
"""
LOOK = 'cd "$1" && find . -printf "%p %U %m %T@ %s\\n" | sort; cat options.conf of-bob .given'


@pytest.fixture
def outside(cluster: Cluster) -> Iterator[None]:
    """Files that are not alice's."""
    cluster.run(CTL, ["sh", "-c", MAKE, "sh", OUTSIDE])
    yield
    cluster.run(CTL, ["rm", "-r", OUTSIDE])
    gone(cluster, "alice", "apache")


def applied(cluster: Cluster, *, force: bool) -> dict[str, Any]:
    """How it ends when root has alice's options written."""
    wanted = {"service": "apache", "account": "alice", "state": "present", "config": PHP}
    document = json.dumps({"schema": 1, "services": [{**wanted, "force": force}]})
    argv = ["sbatch-service", "apply", "--json"]
    (told,) = cluster.run(CTL, argv, stdin=document, check=False).json()["results"]
    found: dict[str, Any] = told
    return found


@pytest.mark.parametrize("place", THEIRS)
def test_a_link_in_a_home_leads_root_to_write_nothing_elsewhere(
    cluster: Cluster, outside: None, place: str
) -> None:
    link, target = THEIRS[place]
    gone(cluster, "alice", "apache")
    lay = 'mkdir -p "$(dirname "$1")" && ln -s "$2" "$1"'
    cluster.run(CTL, ["sh", "-c", lay, "sh", link, target], user="alice")
    look = ["sh", "-c", LOOK, "sh", OUTSIDE]
    before = cluster.run(CTL, look).out

    kept, forced = applied(cluster, force=False), applied(cluster, force=True)

    assert cluster.run(CTL, look).out == before
    if link == ".apache-service":
        assert "a symbolic link leads out of the home" in kept["message"]
        assert "a symbolic link leads out of the home" in forced["message"]
    elif link == CONF:
        assert (kept["exit_code"], kept["kept"]) == (0, [CONF])
        assert (forced["exit_code"], forced["kept"]) == (0, [])
        assert "\nDefine EnablePHP\n" in text_of(cluster, "alice", CONF)
    owners = ["find", "/home/alice", "-not", "-user", "alice"]
    assert cluster.run(CTL, owners).out == ""

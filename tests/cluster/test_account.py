"""Accounts from data: permission, services by root for many, by an ordinary user for themselves."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from cluster.data import may_submit, status
from cluster.plays import ACCOUNT, GRANT, REVOKE, play
from cluster.testbed import CTL, HELLO, WEB, Cluster, wait_for

# A change of permission holds after this time, in seconds.
SOON = 5

PAGES = {
    "public_html": {
        "files": [
            {"path": "account/index.html", "content": "<h1>from data</h1>\n"},
            {"path": "account/deep/er/page.html", "content": "deep\n"},
        ]
    }
}
TWO_ACCOUNTS = {
    "account_wait": True,
    "account_accounts": [
        {"account": "carol", "services": [{"name": "apache", **PAGES}]},
        {
            "account": "bob",
            "services": [
                {"name": "a-hello", "script": HELLO, "settings": {"access": "public"}},
                {"name": "a-ready", "script": HELLO, "state": "present"},
            ],
        },
    ],
}


@pytest.fixture(scope="module")
def granted(cluster: Cluster) -> Iterator[float]:
    """carol, too, may have services while these tests run; gives when that became so."""
    play(GRANT, {"account_names": ["bob", "carol"]}).ok()
    yield time.monotonic()
    if "service-pool" in cluster.run(CTL, ["id", "-nG", "carol"]).out.split():
        play(REVOKE, {"account_names": ["carol"]}).ok()
    for user, services in (("bob", ["a-hello", "a-ready"]), ("carol", [])):
        words = ["purge", "--yes", "--no-archive", *services]
        cluster.service(user, *words)
    cluster.run(CTL, ["rm", "-rf", "public_html"], user="carol")


def page(cluster: Cluster, user: str, service: str, path: str) -> str:
    """A page as the service itself serves it, to the web host: nobody else may ask it."""
    where = status(cluster, user, service)
    url = f"http://{where['node']}:{where['endpoint']['port']}{path}"
    return cluster.run(WEB, ["curl", "-sS", "--max-time", "10", url]).out


def test_a_granted_permission_holds_soon(cluster: Cluster, granted: float) -> None:
    wait_for(lambda: may_submit(cluster, "carol"), SOON - (time.monotonic() - granted))
    assert cluster.service("carol", "init", "apache").code == 0


def test_granting_again_changes_nothing(granted: float) -> None:
    assert play(GRANT, {"account_names": ["bob", "carol"]}).ok().changed == 0


def test_root_sets_up_the_services_of_two_accounts(cluster: Cluster, granted: float) -> None:
    foretold = play(ACCOUNT, TWO_ACCOUNTS, "--check").ok()
    run = play(ACCOUNT, TWO_ACCOUNTS).ok()
    again = play(ACCOUNT, TWO_ACCOUNTS).ok()

    assert foretold.changed == run.changed > 0
    assert again.changed == 0
    assert page(cluster, "carol", "apache", "/~carol/account/") == "<h1>from data</h1>\n"
    assert page(cluster, "carol", "apache", "/~carol/account/deep/er/page.html") == "deep\n"
    assert page(cluster, "bob", "a-hello", "/") == "hello from bob\n"
    assert status(cluster, "bob", "a-ready")["state"] == "stopped"
    owners = cluster.run(CTL, ["stat", "-c", "%U", "/home/carol/public_html/account/index.html"])
    assert owners.out == "carol\n"


def test_a_user_without_root_sets_up_their_own(cluster: Cluster, granted: float) -> None:
    services = [
        {"name": "apache", "config": {"directives": "ServerSignature Off\n"}, **PAGES},
        {"name": "a-own", "script": HELLO, "settings": {"access": "public"}},
    ]
    run = play(ACCOUNT, {"account_wait": True, "account_services": services}, user="carol").ok()
    job = status(cluster, "carol", "apache")["job_id"]

    assert run.changed > 0
    assert page(cluster, "carol", "a-own", "/") == "hello from carol\n"

    # Other options reload the running instance; its job stays.
    services[0]["config"] = {"directives": "ErrorDocument 404 'not of this world'\n"}
    play(ACCOUNT, {"account_services": services[:1]}, user="carol").ok()
    wait_for(lambda: "not of this world" in page(cluster, "carol", "apache", "/~carol/no"), 10)
    assert status(cluster, "carol", "apache")["job_id"] == job


def test_a_revoked_permission_ends_what_runs_and_what_would_start(
    cluster: Cluster, granted: float
) -> None:
    cluster.service("carol", "deploy", "apache")
    foretold = play(REVOKE, {"account_names": ["carol"]}, "--check").ok()
    run = play(REVOKE, {"account_names": ["carol"]}).ok()
    revoked = time.monotonic()

    assert foretold.changed == run.changed > 0
    assert cluster.run(CTL, ["squeue", "-h", "-a", "-u", "carol"]).out == ""
    wait_for(lambda: not may_submit(cluster, "carol"), SOON - (time.monotonic() - revoked))
    started = cluster.service("carol", "start", "apache", check=False)
    assert started.code == 5
    assert "sciportal.hosting.grant" in started.err
    # Her files stay hers.
    assert cluster.run(CTL, ["ls", ".apache-service/options.conf"], user="carol").out
    assert play(REVOKE, {"account_names": ["carol"]}).ok().changed == 0

"""Homes that root may neither read nor change, as on a file server with root_squash.

An NFS client is part of a kernel, and that of the machine may have none. What root_squash takes
from root is the right to override permissions: so root here has no capabilities for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pytest

from cluster.testbed import CTL, SLEEPER, Cluster, Ended, Service
from faults.judge import is_true

# capabilities(7): what the file server does not grant to root of another host.
_SQUASHED = "-dac_override,-dac_read_search,-fowner,-chown,-fsetid"
PEOPLE = ("alice", "bob")


@pytest.fixture
def squashed(cluster: Cluster) -> Iterator[Cluster]:
    """The homes are closed to everybody but their owners."""
    modes = {each: cluster.run(CTL, ["stat", "-c", "%a", f"/home/{each}"]).out for each in PEOPLE}
    for each in PEOPLE:
        cluster.run(CTL, ["chmod", "700", f"/home/{each}"])
    assert as_root(cluster, ["ls", f"/home/{PEOPLE[0]}"]).code != 0
    yield cluster
    for each, mode in modes.items():
        cluster.run(CTL, ["chmod", mode.strip(), f"/home/{each}"])


def as_root(cluster: Cluster, argv: Sequence[str], stdin: str | None = None) -> Ended:
    """Run something as root, to whom the homes are closed."""
    words = ["setpriv", "--bounding-set", _SQUASHED, "--inh-caps", _SQUASHED, *argv]
    return cluster.run(CTL, words, stdin=stdin, check=False)


def test_root_acts_as_an_account(service: Service, squashed: Cluster) -> None:
    service.script(SLEEPER)
    for action in ("deploy", "status", "restart", "logs", "rotate", "stop", "purge"):
        words = ["sbatch-service", action, "--account", service.user]
        more = {"deploy": ["--wait"], "purge": ["--yes"]}.get(action, [])
        named = [] if action == "rotate" else [service.name]
        ended = as_root(squashed, [*words, *more, *named])
        assert ended.code == 0, (action, ended)
        if action != "purge":
            is_true(service)


def test_root_acts_on_all_accounts(service: Service, squashed: Cluster) -> None:
    bobs = Service(squashed, service.name, "bob")
    for each in (service, bobs):
        each.script(SLEEPER)
        each("init")
    for action in (["start", "--wait"], ["status"], ["stop"]):
        words = ["sbatch-service", *action, "--all-accounts", "--json", service.name]
        ended = as_root(squashed, words)
        assert ended.code in (0, 3), ended
        results = {each["account"]: each for each in json.loads(ended.out)["results"]}
        for who in PEOPLE:
            assert results[who]["exit_code"] == 0, (action, results[who])
    assert as_root(squashed, ["sbatch-service", "rotate", "--all-accounts"]).code == 0
    bobs("purge", "--yes", "--no-archive")


def test_root_brings_an_account_to_a_wanted_state(service: Service, squashed: Cluster) -> None:
    wanted = {
        "account": service.user,
        "service": service.name,
        "state": "deployed",
        "script": SLEEPER,
        "settings": {"port": "none"},
    }
    document = json.dumps({"schema": 1, "services": [wanted]})
    words = ["sbatch-service", "apply", "--json"]
    ended = as_root(squashed, words, stdin=document)
    assert ended.code == 0, ended
    is_true(service)
    assert len(squashed.jobs(service.user, service.name)) == 1

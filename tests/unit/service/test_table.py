"""The table of services for people."""

from __future__ import annotations

import itertools

import pytest

from sciportal.service.endpoint import Endpoint
from sciportal.service.result import Result
from sciportal.service.table import table

NOW = 1_800_000_000
FULL = Result(
    service="web",
    account="alice",
    action="status",
    state="running",
    job_id=4711,
    node="sciportal-node1",
    endpoint=Endpoint("http", 24601, "owner"),
    since=NOW,
)
STOPPED = Result("wiki", "alice", "status", state="stopped")


def lines(*results: Result, after: int = 90, accounts: bool = False) -> list[str]:
    return table([each.as_json() for each in results], NOW + after, accounts=accounts).splitlines()


def test_there_is_a_line_a_service_under_its_heading():
    found = lines(FULL, STOPPED)
    assert found[0].split() == ["SERVICE", "STATE", "JOB", "NODE", "PORT", "ACCESS", "SINCE"]
    assert found[1].split() == [
        *("web", "running", "4711", "sciportal-node1", "24601", "owner", "90s", "ago"),
    ]
    assert found[2].split() == ["wiki", "stopped", "-", "-", "-", "-", "-"]


def test_services_of_several_accounts_are_told_apart():
    found = lines(FULL, FULL._replace(account="bob"), accounts=True)
    assert [line.split()[0] for line in found] == ["ACCOUNT", "alice", "bob"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (-5, "0s"),
        (119, "119s"),
        (120, "2m"),
        (7200, "2h"),
        (172800, "2d"),
        (9e6, "104d"),
    ],
)
def test_times_are_told_as_how_long_ago_that_was(seconds, shown):
    assert lines(FULL, after=seconds)[1].endswith(f"  {shown} ago")


def test_a_service_that_waits_for_its_restart_does_not_count_as_running():
    assert lines(FULL._replace(phase="restarting"))[1].split()[1] == "restarting"


@pytest.mark.parametrize("state", ["running", "pending", "stopping", "unknown", "stopped"])
def test_the_table_fits_into_80_columns_for_usual_names(state):
    rows = [
        FULL._replace(service=name, state=state, job_id=123456, node="node-017")
        for name in ("apache", "dashboard", "my-wiki-2")
    ]
    assert max(len(line) for line in lines(*rows)) <= 80


def test_the_columns_stand_below_each_other():
    found = lines(FULL, FULL._replace(service="a-long-name", job_id=1))
    places = {line.index("sciportal-node1") for line in found[1:]}
    assert places == {found[0].index("NODE")}


WIDE = FULL._replace(
    account="a" * 32,
    service="s" * 32,
    state="running",
    phase="restarting",
    job_id=2**32,
    node="very-long-name-of-a-node-0017.cluster.example.org",
    endpoint=Endpoint("http", 24601, "public"),
)


@pytest.mark.parametrize("accounts", [False, True])
@pytest.mark.parametrize("service", [1, 12, 20, 32])
@pytest.mark.parametrize(
    "node", ["n1", "node-17.cluster.example.org", WIDE.node, "192.168.100.200"]
)
def test_whatever_the_names_are_the_table_fits_into_80_columns(service, node, accounts):
    each = WIDE._replace(service="s" * service, node=node)
    found = lines(each, STOPPED, accounts=accounts)
    assert max(map(len, found)) <= 80
    cells = found[1].split()
    assert [each.service, "restarting"] == cells[accounts : accounts + 2]
    assert not accounts or cells[0] == each.account


def test_what_can_be_spared_best_goes_first():
    heads = []
    for width in range(150, 30, -1):
        head = table([WIDE.as_json()], NOW, width=width).splitlines()[0].split()
        if head not in heads:
            heads.append(head)
    whole = ["SERVICE", "STATE", "JOB", "NODE", "PORT", "ACCESS", "SINCE"]
    assert heads[0] == whole
    gone = [next(iter(set(a) - set(b))) for a, b in itertools.pairwise(heads)]
    assert gone == ["ACCESS", "PORT", "SINCE", "NODE", "JOB"]


def test_nodes_and_times_are_shortened_before_a_column_goes():
    found = [table([WIDE.as_json()], NOW, width=width) for width in (150, 110, 109, 100)]
    shown = [text.splitlines()[1].split()[3] for text in found]
    assert shown == [WIDE.node, *["very-long-name-of-a-node-0017"] * 2, "very-lo..de-0017"]
    assert [" ago" in text for text in found] == [True, True, False, False]


@pytest.mark.parametrize(
    ("change", "colour"),
    [
        ({"state": "running"}, 32),
        ({"state": "running", "phase": "restarting"}, 33),
        ({"state": "pending"}, 33),
        ({"state": "stopping"}, 33),
        ({"state": "unknown", "message": "no answer"}, 35),
        ({"state": "stopped", "message": "job 3 ended (FAILED)"}, 31),
        ({"state": "stopped", "message": "not set up"}, None),
        ({"state": "stopped"}, None),
    ],
)
def test_the_state_alone_has_a_colour(change, colour):
    each = FULL._replace(**change).as_json()
    plain = table([each], NOW)
    painted = table([each], NOW, colour=True)
    state = plain.splitlines()[1].split()[1]
    if colour is None:
        assert painted == plain
    else:
        assert painted == plain.replace(f"  {state}", f"  \033[{colour}m{state}\033[0m")


def test_what_a_node_is_called_cannot_drive_the_terminal():
    assert "\033" not in table([FULL._replace(node="\033[2J").as_json()], NOW)

"""The table of services for people."""

from __future__ import annotations

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

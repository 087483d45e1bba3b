"""What is said of services: JSON, table, exit code."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import result
from sciportal.service.endpoint import Endpoint
from sciportal.service.plan import Step
from sciportal.service.result import Result

FULL = Result(
    service="web",
    account="alice",
    action="start",
    changed=True,
    state="running",
    job_id=4711,
    node="sciportal-node1",
    endpoint=Endpoint("http", 24601, "owner"),
    since=1_800_000_000,
    steps=(Step("stage", "start"), Step("submit", "web-service")),
    message="",
)
# The contract with the Ansible modules and the web pages: keys may only be added.
KEYS = [
    "service",
    "action",
    "changed",
    "state",
    "job_id",
    "node",
    "endpoint",
    "since",
    "steps",
    "message",
    "phase",
    "restarts",
    "last_exit",
    "is_shell",
]


@pytest.mark.parametrize(
    ("worse", "better"), list(itertools.combinations([4, 5, 6, 1, 3, 0], 2)), ids=str
)
def test_the_worst_exit_code_is_the_one_that_is_first_in_the_order(worse, better):
    assert result.exit_code([better, worse]) == result.exit_code([worse, better]) == worse


def test_no_services_are_a_success():
    assert result.exit_code([]) == 0


@given(st.lists(st.sampled_from([0, 1, 3, 4, 5, 6]), min_size=1))
def test_the_exit_code_is_one_of_those_that_occurred_and_0_only_if_all_are(codes):
    found = result.exit_code(codes)
    assert found in codes
    assert (found == 0) == (not any(codes))


def test_the_json_is_one_object_with_its_schema_and_a_result_a_service():
    answer = json.loads(result.as_json([FULL.as_json(), FULL._replace(service="wiki").as_json()]))
    assert answer["schema"] == 1
    assert [each["service"] for each in answer["results"]] == ["web", "wiki"]


def test_the_json_of_a_service_has_the_keys_of_the_contract():
    answer = json.loads(result.as_json([FULL.as_json()]))["results"][0]
    assert set(KEYS) <= set(answer)
    assert answer["endpoint"] == {"protocol": "http", "port": 24601, "access": "owner"}
    assert answer["steps"] == [
        {"step": "stage", "detail": "start"},
        {"step": "submit", "detail": "web-service"},
    ]
    assert answer["since"] == "2027-01-15T08:00:00Z"
    assert (answer["job_id"], answer["node"], answer["changed"]) == (4711, "sciportal-node1", True)


def test_the_json_of_a_service_without_a_job_says_null():
    answer = json.loads(result.as_json([Result("web", "alice", "status").as_json()]))["results"][0]
    assert set(KEYS) <= set(answer)
    for key in ("job_id", "node", "endpoint", "since"):
        assert answer[key] is None
    assert "before" not in answer


def test_what_was_before_and_after_is_given_where_it_is_known():
    answer = FULL._replace(before={"state": "stopped"}, after={"state": "running"}).as_json()
    assert (answer["before"], answer["after"]) == ({"state": "stopped"}, {"state": "running"})


@given(st.text())
def test_any_message_survives_the_json(message):
    answer = json.loads(result.as_json([FULL._replace(message=message).as_json()]))
    assert answer["results"][0]["message"] == message


@given(st.integers(0, 253402300799))
def test_a_time_that_was_stamped_is_read_back(seconds):
    assert result.seconds_of(result.stamp(seconds)) == seconds

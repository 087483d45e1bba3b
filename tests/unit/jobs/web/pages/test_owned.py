"""One's services, from the words of a command that ran as the account."""

from __future__ import annotations

from typing import Any

import pytest

from sciportal.jobs.web.pages import owned
from sciportal.jobs.web.pages.owned import Origins
from sciportal.service.errors import ServiceError

HERE = Origins("https://www.site.test", "https://services.site.test:8443")
RUNNING: dict[str, Any] = {
    "service": "apache",
    "account": "alice",
    "action": "status",
    "exit_code": 0,
    "state": "running",
    "job_id": 4711,
    "node": "node1",
    "endpoint": {"protocol": "http", "port": 18385, "access": "public"},
    "since": "2026-11-22T04:17:15Z",
    "message": "",
    "phase": "running",
    "restarts": 0,
}


def said(*results: object, **more: object) -> dict[str, object]:
    """What the command says."""
    return {"schema": 1, "results": [*results], **more}


def test_a_running_service() -> None:
    service = owned.owned(RUNNING, HERE)
    assert service.state.label == "Running"
    assert not service.bad
    assert [verb.name for verb in service.verbs] == ["restart", "stop"]
    assert {fact.label: fact.value for fact in service.facts} == {
        "Address": "https://www.site.test/~alice/",
        "Open to": "everybody",
        "Node": "node1",
        "Since": "2026-11-22 04:17:15",
    }


@pytest.mark.parametrize(
    ("service", "access", "address"),
    [
        ("hello", "public", "https://www.site.test/~alice:hello/"),
        ("hello", "users", "https://hello--alice.services.site.test:8443/"),
        ("apache", "owner", "https://apache--alice.services.site.test:8443/"),
    ],
)
def test_where_a_service_is(service: str, access: str, address: str) -> None:
    assert owned.address_of("alice", service, access, HERE) == address
    assert owned.address_of("alice", service, access, Origins("", "")) == ""


@pytest.mark.parametrize(("account", "service"), [("a/b", "hello"), ("alice", "x/../y"), ("", "")])
def test_no_address_is_made_of_what_is_no_name(account: str, service: str) -> None:
    assert owned.address_of(account, service, "public", HERE) == ""


@pytest.mark.parametrize(
    ("changes", "label", "bad", "verbs"),
    [
        ({"state": "stopped", "exit_code": 3}, "Stopped", False, ["start"]),
        ({"state": "pending", "exit_code": 3}, "Waiting for a node", False, ["restart", "stop"]),
        ({"state": "unknown", "exit_code": 4}, "Unknown", True, ["restart", "stop"]),
        ({"phase": "restarting", "exit_code": 3}, "Restarting", True, ["restart", "stop"]),
        ({"phase": "gave up", "exit_code": 3}, "Gave up", True, ["restart", "stop"]),
        ({"state": "a later version's"}, "Unknown", False, ["restart", "stop"]),
    ],
)
def test_states(changes: dict[str, Any], label: str, bad: bool, verbs: list[str]) -> None:
    service = owned.owned({**RUNNING, **changes}, HERE)
    assert (service.state.label, service.bad) == (label, bad)
    assert [verb.name for verb in service.verbs] == verbs


def test_only_names_of_services_are_taken() -> None:
    results = owned.read(said(RUNNING, {"service": "../x"}, {"service": 5}, "text", None))
    assert [each["service"] for each in results] == ["apache"]


@pytest.mark.parametrize("answer", ["", "nonsense", [], None, {}, {"schema": 2, "results": []}, 1])
def test_words_that_nobody_understands(answer: object) -> None:
    with pytest.raises(ServiceError, match="no answer that the portal understands"):
        owned.read(answer)


def test_a_call_that_failed() -> None:
    with pytest.raises(ServiceError, match="carol is not a member"):
        owned.read(said(error={"message": "carol is not a member", "exit_code": 5}))


@pytest.mark.parametrize("value", [None, [], {}, "x" * 10**6, True, {"access": []}, -1, 1e300])
@pytest.mark.parametrize(
    "key", ["endpoint", "node", "since", "restarts", "message", "phase", "state"]
)
def test_values_of_any_kind_are_borne(key: str, value: object) -> None:
    service = owned.owned({**RUNNING, key: value}, HERE)
    assert all(len(fact.value) <= 2100 for fact in service.facts)
    assert len(service.message) <= 2000

"""What the page of services says where there is nothing to show; tests/browser shows services."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from sciportal.jobs.web.portal import Portal

PAGE = "/services.html"
ACT = "/services/hello.html"
Client = Callable[..., FlaskClient]
Changed = Callable[..., flask.Flask]


@pytest.fixture
def accounts(portal: Portal) -> Path:
    """The account map, in which alice is and bob is not."""
    path = portal.settings.accounts
    path.write_text('[[account]]\nuser = "alice"\naccount = "alice"\nhome = "/home/alice"\n')
    return path


def token(client: FlaskClient) -> str:
    """What a form of a page is sent with."""
    text = client.get("/applications/greeting.html").text
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    assert found
    return found[1]


@pytest.mark.usefixtures("accounts")
def test_who_has_no_account_is_told(client: Client) -> None:
    answer = client("bob", "shibboleth").get(PAGE)
    assert answer.status_code == 403
    assert "has none on this cluster" in answer.text
    assert "ask the operators to put you into the account map" in answer.text
    assert "No services yet" not in answer.text


@pytest.mark.usefixtures("accounts")
def test_a_helper_that_is_not_there(client: Client, changed: Changed) -> None:
    alice = client(source="shibboleth", to=changed(helper=("/nonexistent/helper",)))
    answer = alice.get(PAGE)
    assert answer.status_code == 503
    assert "/nonexistent/helper: No such file or directory" in answer.text
    assert "What to do:" in answer.text
    answer = alice.post(ACT, data={"csrf": token(alice), "action": "start"})
    assert answer.status_code == 503
    outcome = re.search(r'<div class="note bad" role="status" id="outcome".*?</div>', answer.text)
    assert outcome and "/nonexistent/helper" in outcome[0]


@pytest.mark.usefixtures("accounts")
@pytest.mark.parametrize(
    ("path", "action"),
    [
        (ACT, "purge"),
        (ACT, ""),
        (ACT, "--all"),
        ("/services/--all.html", "stop"),
        ("/services/.html", "stop"),
        ("/services/UPPER.html", "stop"),
    ],
)
def test_there_are_no_other_actions(client: Client, path: str, action: str) -> None:
    alice = client(source="shibboleth")
    assert alice.post(path, data={"csrf": token(alice), "action": action}).status_code == 404


def test_an_action_takes_a_token(client: Client) -> None:
    answer = client(source="shibboleth").post(ACT, data={"action": "stop"})
    assert answer.status_code == 403
    assert "valid token" in answer.text


def test_a_site_without_services(client: Client, changed: Changed) -> None:
    alice = client(source="shibboleth", to=changed(services=False))
    assert "Services" not in alice.get("/").text
    assert alice.get(PAGE).status_code == 404
    assert alice.post(ACT, data={"csrf": token(alice), "action": "stop"}).status_code == 404

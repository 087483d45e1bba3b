"""The page of one's services, whose commands are slow, silent, and asked for by many."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from sciportal.jobs.settings import Settings
from sciportal.jobs.turns import Turns
from sciportal.jobs.web.pages import services

RUNNING = {
    "account": "alice",
    "service": "hello",
    "state": "running",
    "phase": "",
    "message": "",
    "exit_code": 0,
}
SAID = {"schema": 1, "results": [RUNNING]}
# What the helper answers, by the request's action in its second line.
HELPER = """#!/bin/sh
read -r header
read -r request
echo "$1 $header $request" >> {log}
{more}
printf '%s\\n' '{answer}'
"""

Made = Callable[..., FlaskClient]


@pytest.fixture
def visitor(
    tmp_path: Path,
    changed: Callable[..., flask.Flask],
    client: Callable[..., FlaskClient],
) -> Made:
    """A browser on a portal whose helper is a script."""
    accounts = tmp_path / "accounts.toml"
    accounts.write_text('[single]\naccount = "pse"\nhome = "/home/pse"\n')

    def made(user: str = "alice", more: str = "") -> FlaskClient:
        helper = tmp_path / "helper"
        answer = json.dumps({"done": {"code": 0, "said": SAID}})
        helper.write_text(HELPER.format(log=tmp_path / "log", more=more, answer=answer))
        helper.chmod(0o755)
        app = changed(accounts=accounts, helper=("/bin/sh", str(helper)), services=True)
        return client(user, "shibboleth", app)

    return made


def turns(settings: Settings) -> Turns:
    """As another process of the web server has them."""
    return Turns(settings.state_dir / "turns" / "services", services.AT_ONCE, services.OF_ONE)


def test_services_are_shown(visitor: Made, tmp_path: Path) -> None:
    answer = visitor().get("/services.html")
    assert answer.status_code == 200, answer.text
    assert "hello" in answer.text and "Running" in answer.text
    asked = (tmp_path / "log").read_text()
    assert asked == 'service {"user":"alice"} {"action":"status","name":""}\n'


def test_a_command_that_says_nothing_is_given_up(
    visitor: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "LOOK_SECONDS", 0.1)
    answer = visitor(more="exec sleep 1000").get("/services.html")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert " in time" in answer.text and "What to do" in answer.text
    monkeypatch.undo()
    assert visitor().get("/services.html").status_code == 200


def test_one_visitor_does_not_have_all_threads_wait(
    visitor: Made, settings: Settings, tmp_path: Path
) -> None:
    with ExitStack() as held:
        for _each in range(services.OF_ONE):
            assert held.enter_context(turns(settings).turn("alice"))
        answer = visitor().get("/services.html")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "try again in some seconds" in answer.text
        assert not (tmp_path / "log").exists()
        assert visitor("bob").get("/services.html").status_code == 200
    assert visitor().get("/services.html").status_code == 200


def test_many_visitors_do_not_either(visitor: Made, settings: Settings) -> None:
    with ExitStack() as held:
        for number in range(services.AT_ONCE):
            assert held.enter_context(turns(settings).turn(f"user{number}"))
        assert visitor().get("/services.html").status_code == 503
    assert visitor().get("/services.html").status_code == 200


def test_an_action_that_has_no_turn_is_not_done_and_says_so(
    visitor: Made, settings: Settings, tmp_path: Path
) -> None:
    browser = visitor()
    token = browser.get("/services.html").text.partition('name="csrf" value="')[2].partition('"')[0]
    (tmp_path / "log").unlink()
    with ExitStack() as held:
        for _each in range(services.OF_ONE):
            assert held.enter_context(turns(settings).turn("alice"))
        answer = browser.post("/services/hello.html", data={"action": "stop", "csrf": token})
        assert answer.status_code == 503
        assert not (tmp_path / "log").exists()
    answer = browser.post("/services/hello.html", data={"action": "stop", "csrf": token})
    assert answer.status_code == 200 and "hello is being stopped" in answer.text
    assert '{"action":"stop","name":"hello"}' in (tmp_path / "log").read_text()

"""Data of the roles are taken only in forms that mean nothing else anywhere."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.apps import cli
from sciportal.apps.wanted import problems

APPLICATION: dict[str, Any] = {
    "name": "poms",
    "account": "poms",
    "location": "app.py",
    "release": "1.2",
    "callable": "application",
    "server_name": "poms.example.org",
    "server_aliases": ["www.poms.example.org"],
    "path": "/",
    "document_root": "",
    "log_dir": "/var/log/apache2",
    "virtualenv": "/home/poms/venv",
    "env": {"DJANGO_SETTINGS_MODULE": "site.settings"},
    "files": [{"path": "a/b.py", "content": ""}],
    "port": 80,
    "workers": 6,
    "cheaper": 2,
    "cheaper_initial": 4,
    "reload_on_as": 1400,
    "evil_reload_on_as": 1800,
}
PROGRAM: dict[str, Any] = {
    "name": "tick",
    "account": "poms",
    "command": ["/usr/bin/env", "a b", "100%"],
    "env": {"A": "b c"},
}


def of_application(**changes: Any) -> list[str]:
    return problems({"applications": [{**APPLICATION, **changes}]})


def of_program(**changes: Any) -> list[str]:
    return problems({"programs": [{**PROGRAM, **changes}]})


def test_what_is_right_is_taken() -> None:
    assert of_application() == []
    assert of_program() == []
    assert problems({}) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "../x"),
        ("name", ""),
        ("account", "root"),
        ("account", "a b"),
        ("account", "a\nUser x"),
        ("location", "/etc/passwd"),
        ("location", "../x"),
        ("location", "a/../../x"),
        ("location", "-x"),
        ("location", 'a"b'),
        ("release", "current"),
        ("release", ".."),
        ("callable", "a.b"),
        ("server_name", "a b"),
        ("server_name", "x\n</VirtualHost>\nLoadModule a b"),
        ("server_aliases", ["*.org"]),
        ("path", "queue"),
        ("path", '/"'),
        ("path", "/a/../b"),
        ("document_root", "/srv/../etc"),
        ("document_root", "srv"),
        ("log_dir", "|/bin/sh"),
        ("log_dir", "/home/poms"),
        ("log_dir", "/var/log/../../home"),
        ("virtualenv", "venv"),
        ("env", {"UWSGI_SOCKET": "x"}),
        ("env", {"A B": "x"}),
        ("env", {"A": "x\nexec-asap = id"}),
        ("env", {"A": "@(exec://id)"}),
        ("env", {"A": "%(x)"}),
        ("files", [{"path": "../../.ssh/authorized_keys"}]),
        ("port", 0),
        ("port", 65536),
        ("port", "80x"),
        ("workers", 0),
        ("workers", True),
        ("cheaper", 6),
        ("cheaper_initial", 1),
        ("cheaper_initial", 7),
        ("reload_on_as", 1800),
    ],
)
def test_an_application_that_is_wrong_is_told(key: str, value: object) -> None:
    (said, *_) = of_application(**{key: value})
    assert said.startswith("uwsgi_app_applications, ")
    assert "; give " in said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "supervisord"),
        ("name", "a]"),
        ("account", "root"),
        ("command", []),
        ("command", ["true"]),
        ("command", ["/bin/sh", "-c", "a ;b"]),
        ("command", ["/bin/sh", "a\n[program:x]"]),
        ("directory", "a"),
        ("stopsignal", "STOP"),
        ("env", {"A": '"'}),
        ("startsecs", -1),
        ("stopwaitsecs", 0),
    ],
)
def test_a_program_that_is_wrong_is_told(key: str, value: object) -> None:
    assert of_program(**{key: value})


def test_a_program_that_is_to_go_needs_no_command() -> None:
    assert problems({"programs": [{"name": "a", "account": "b", "state": "absent"}]}) == []


def test_what_is_there_twice_is_told() -> None:
    assert problems({"applications": [APPLICATION, APPLICATION]})
    other = {**APPLICATION, "name": "other", "server_name": "www.poms.example.org"}
    (said,) = problems({"applications": [APPLICATION, {**other, "server_aliases": []}]})
    assert "give each its own" in said
    assert problems({"applications": [APPLICATION, {**other, "state": "absent"}]}) == []
    assert problems({"programs": [PROGRAM, PROGRAM]})
    assert problems({"programs": [PROGRAM, {**PROGRAM, "account": "other"}]}) == []


@given(st.text(min_size=1))
def test_no_value_that_is_taken_ends_a_line_or_a_string(text: str) -> None:
    for key in ("name", "account", "location", "release", "server_name", "path", "log_dir"):
        if not of_application(**{key: text}):
            assert not set(text) & set("\"'\n\r\0\\ |<>#;%$")
    if not of_application(env={"A": text}):
        assert not set(text) & set("\"'\n\r\0\\%")


def test_the_command_says_each_in_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(text: str) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        return cli.main(["check"])

    assert said(json.dumps({"applications": [APPLICATION]})) == 0
    assert said(json.dumps({"applications": [{**APPLICATION, "account": "root"}]})) == 2
    assert "account is 'root'; give the name" in capsys.readouterr().out
    assert said("{") == 2
    assert "they are no JSON" in capsys.readouterr().err

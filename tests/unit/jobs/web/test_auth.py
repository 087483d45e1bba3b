"""Whom the portal takes a request to be from."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from sciportal.jobs.web.auth import (
    Identity,
    from_front_end,
    origin,
    unix_only,
    visitor,
    worker_sum,
)
from sciportal.jobs.web.problems import ProblemError

ALICE = {"HTTP_X_SHIB_USERID": "alice", "HTTP_X_IDENTITY_SOURCE": "shibboleth"}


def who(environ: dict[str, Any], **given: Any) -> Identity:
    settings = {"trusted": True, "anonymous": False, "operators": ("carol",), **given}
    return visitor(environ, **settings)


def test_headers_of_the_front_end_are_believed() -> None:
    assert who(ALICE) == Identity("alice", "", "shibboleth", operator=False)
    assert who({**ALICE, "HTTP_X_SHIB_USERID": "carol"}).operator


def test_headers_of_others_are_not() -> None:
    with pytest.raises(ProblemError) as caught:
        who({**ALICE, "REMOTE_ADDR": "192.0.2.1"}, trusted=False)
    assert caught.value.status == 401
    assert "WWW-Authenticate" in caught.value.headers
    found = who({**ALICE, "REMOTE_ADDR": "192.0.2.1"}, trusted=False, anonymous=True)
    assert found == Identity("", "192.0.2.1", "", operator=False)


@pytest.mark.parametrize(
    "changed",
    [
        {"HTTP_X_SHIB_USERID": name}
        for name in ("../root", "-o", "a b", "a\n", "a" * 200, "älice", "a\0", "a/b", "anonymous")
    ]
    + [{"HTTP_X_IDENTITY_SOURCE": source} for source in ("", "Token", "me", "(null)")],
)
def test_names_that_cannot_be_one_are_refused(changed: dict[str, str]) -> None:
    with pytest.raises(ProblemError) as caught:
        who({**ALICE, **changed}, anonymous=True)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("environ", "sockets", "trusted"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, True, False),
        ({"REMOTE_ADDR": "localhost"}, False, True),
        ({"REMOTE_ADDR": "192.0.2.1", "uwsgi.version": b"2"}, True, True),
        ({"REMOTE_ADDR": "", "uwsgi.version": b"2"}, False, False),
        ({"REMOTE_ADDR": "192.0.2.1", "mod_wsgi.version": (5,)}, False, True),
    ],
)
def test_the_front_end_is_known_by_its_way(
    environ: dict[str, Any], sockets: bool, trusted: bool
) -> None:
    assert from_front_end(environ, sockets) is trusted


def test_sockets_are_told_apart() -> None:
    with socket.socket(socket.AF_UNIX) as own, socket.socket(socket.AF_INET) as other:
        assert unix_only([own.fileno()])
        assert not unix_only([own.fileno(), other.fileno()])
        assert not unix_only([])
        # Looking at them closed none.
        os.fstat(own.fileno())


@pytest.mark.parametrize(
    ("environ", "trusted", "found"),
    [
        ({"REMOTE_ADDR": "192.0.2.1"}, False, "192.0.2.1"),
        ({"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "10.0.0.1"}, False, "192.0.2.1"),
        ({"REMOTE_ADDR": "", "HTTP_X_FORWARDED_FOR": "10.0.0.9, 10.0.0.1"}, True, "10.0.0.1"),
        ({"REMOTE_ADDR": "2001:db8:1:2:3:4:5:6"}, False, "2001:db8:1:2::/64"),
        ({"REMOTE_ADDR": "::ffff:192.0.2.1"}, False, "192.0.2.1"),
        ({"REMOTE_ADDR": "localhost"}, True, ""),
    ],
)
def test_origin(environ: dict[str, str], trusted: bool, found: str) -> None:
    assert origin(environ, trusted=trusted) == found


@pytest.mark.parametrize("given", ["", "Basic abc", "Bearer short", "Bearer " + "ä" * 20])
def test_only_a_bearer_is_a_worker(given: str) -> None:
    with pytest.raises(ProblemError) as caught:
        worker_sum({"HTTP_AUTHORIZATION": given})
    assert caught.value.status == 401

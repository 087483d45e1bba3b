"""The worker's settings: what is right is read, what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sciportal.jobs.worker import settings
from sciportal.service.errors import UsageError

GOOD: dict[str, Any] = {
    "portal": "https://portal.example.org/queue/",
    "name": "cluster2",
    "token_file": "/etc/sciportal/worker.token",
    "mode": "processes",
}


def test_what_is_not_said_has_a_default() -> None:
    made = settings.of(GOOD, "here")
    assert made.portal == "https://portal.example.org/queue"
    assert (made.max_jobs, made.layer, made.network, made.read) == (1, "auto", False, ())
    assert made.limits == settings.Limits()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"portal": "http://portal.example.org"}, "portal"),
        ({"portal": "https://user:secret@portal.example.org"}, "portal"),
        ({"portal": "https://portal.example.org/?a=b"}, "portal"),
        ({"portal": "https://portal.example.org:port"}, "portal"),
        ({"portal": "file:///etc/passwd"}, "portal"),
        ({"portal": "https://"}, "portal"),
        ({"portal": "https://x/\r\nEvil: 1"}, "portal"),
        ({"name": "../cluster"}, "name"),
        ({"name": ""}, "name"),
        ({"token_file": "worker.token"}, "token_file"),
        ({"ca_file": "ca.pem"}, "ca_file"),
        ({"mode": "kubernetes"}, "mode"),
        ({"layer": "magic"}, "layer"),
        ({"max_jobs": 0}, "max_jobs"),
        ({"max_jobs": True}, "max_jobs"),
        ({"max_jobs": "3"}, "max_jobs"),
        ({"read": ["opt"]}, "read"),
        ({"read": ["/opt/../home"]}, "read"),
        ({"profile": "a b"}, "profile"),
        ({"partition": "-p"}, "partition"),
        ({"poll_seconds": 0}, "poll_seconds"),
        ({"limits": {"cpu_seconds": 0}}, "cpu_seconds"),
        ({"limits": {"cpu": 1}}, "cpu"),
        ({"limits": 3}, "limits"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=rf"the settings here: .*{named}"):
        settings.of({**GOOD, **change}, "here")


@pytest.mark.parametrize("missing", GOOD)
def test_what_is_missing_is_named(missing: str) -> None:
    given = {key: value for key, value in GOOD.items() if key != missing}
    with pytest.raises(UsageError, match=missing):
        settings.of(given, "here")


def test_a_portal_on_this_host_needs_no_certificate() -> None:
    for host in ("127.0.0.1:80", "[::1]:80", "localhost"):
        assert settings.of({**GOOD, "portal": f"http://{host}/"}, "here").portal


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "worker.toml"
    for wanted in ("No such file", "worker.toml"):
        with pytest.raises(UsageError, match=wanted):
            settings.read(path)
        path.write_bytes(b"portal = \xff")


@pytest.mark.parametrize(
    ("text", "mode", "wanted"),
    [
        ("0123456789abcdef\n", 0o644, "chmod"),
        ("short", 0o600, "16 to 512"),
        ("0123456789abcdef\r\nEvil: 1", 0o600, "16 to 512"),
        ("", 0o600, "16 to 512"),
        ("ä" * 20, 0o600, "the worker's token"),
    ],
)
def test_a_token_is_secret_and_looks_like_one(
    tmp_path: Path, text: str, mode: int, wanted: str
) -> None:
    path = tmp_path / "token"
    path.write_text(text, newline="", encoding="utf-8")
    path.chmod(mode)
    with pytest.raises(UsageError, match=wanted):
        settings.token(settings.of({**GOOD, "token_file": str(path)}, "here"))

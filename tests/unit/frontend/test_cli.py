"""The command, with real files and a stand-in for Apache's control program and systemd."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sciportal.frontend import cli, daemon
from sciportal.frontend.health import Health

OLD = "alice:web public,http,node1:24601 1\n"


def test_status_tells_a_fine_daemon_from_a_stale_one_and_from_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = ["--run-dir", str(tmp_path), "status"]
    assert cli.main(status) == 4
    assert "systemctl status sciportal-routes" in capsys.readouterr().err
    file = tmp_path / daemon.STATUS
    file.write_text(Health().succeeded(time.time(), 3).text())
    assert cli.main(status) == 0
    assert capsys.readouterr().out.startswith("routes: 3, read 0 s ago")
    assert cli.main([*status, "--json"]) == 0
    assert '"routes": 3' in capsys.readouterr().out
    file.write_text(Health(success=time.time() - 60).text())
    assert cli.main(status) == 1
    assert cli.main([*status, "--max-age", "100"]) == 0
    file.write_text("garbage")
    assert cli.main(status) == 4


class Host:
    """A host with a map and a control program that answers as the test says."""

    def __init__(self, path: Path) -> None:
        self.directory = path / "workers"
        self.directory.mkdir()
        self.output = self.directory / "_public.conf"
        self.calls = path / "calls"
        self.control = path / "apachectl"
        self.map = path / daemon.ROUTES
        self.map.write_text(OLD)
        self.answer(0)

    def answer(self, code: int) -> None:
        self.control.write_text(
            f'#!/bin/sh\nexec >>{self.calls}\necho "$@"\ncat "$(echo "$3" | cut -d\\" -f2)"\n'
            f"[ {code} = 0 ] || echo 'Syntax error on line 3' >&2\nexit {code}\n"
        )
        self.control.chmod(0o755)

    def workers(self) -> int:
        # A unit that no host has, so that no Apache is reloaded.
        unit = "no-such-unit-of-sciportal.service"
        argv = ["--state-dir", str(self.map.parent), "workers", "--host", "_public=public"]
        argv += ["--directory", str(self.directory)]
        return cli.main([*argv, "--apachectl", str(self.control), "--unit", unit])


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_workers_are_tried_within_the_whole_configuration_and_then_put_in_place(host: Host) -> None:
    assert host.workers() == 0
    assert '"http://node1:24601"' in host.output.read_text()
    said = host.calls.read_text()
    assert said.startswith("-t -c Include ")
    assert '"http://node1:24601"' in said
    (map_path,) = host.directory.glob("*.map")
    assert f'"txt:{map_path}"' in said
    assert {path.name for path in host.directory.iterdir()} == {"_public.conf", map_path.name}


def test_nothing_is_tried_when_nothing_changed(host: Host) -> None:
    host.workers()
    host.calls.unlink()
    assert host.workers() == 0
    host.map.write_text("")
    assert host.workers() == 0
    assert not host.calls.exists()


def test_what_apache_refuses_is_not_put_in_place(
    host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    host.output.write_text("")
    host.answer(1)
    assert host.workers() == 1
    assert host.output.read_text() == ""
    assert "Syntax error on line 3" in capsys.readouterr().err


def test_a_map_of_anything_declares_only_what_is_a_route(host: Host) -> None:
    host.map.write_bytes(
        b'\xff\x00\nx:y public,http,a"/>\nInclude /etc/passwd:9999 1\n' + OLD.encode()
    )
    assert host.workers() == 0
    assert host.output.read_text().count("BalancerMember") == 1
    assert "Include" not in host.output.read_text()


def test_without_a_map_the_message_names_it(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.map.unlink()
    assert host.workers() == 1
    assert "routes.txt" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["0", "-1", "nan", "x", "1e9"])
def test_a_time_that_is_none_is_a_usage_error(value: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", "--interval", value])
    assert ended.value.code == 2

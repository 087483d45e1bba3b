"""The command as people and programs call it, on the model of a cluster."""

from __future__ import annotations

import functools
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sciportal.service import account, cli, site
from sciportal.service.session import Session

SOURCE = Path(__file__).resolve().parents[3] / "src"


@pytest.fixture
def command(world, cluster, monkeypatch, capsys, tmp_path):
    """Call the command as the account of `world`; gives exit code, stdout and stderr."""
    monkeypatch.setattr(account, "current", lambda: world.account)
    monkeypatch.setattr(site, "load", lambda *_: world.site)
    monkeypatch.setattr(cli, "Slurm", lambda *_: world.cluster)
    clocks = {"now": cluster.now, "clock": cluster.now, "sleep": cluster.sleep}
    monkeypatch.setattr(cli, "Session", functools.partial(Session, **clocks))
    monkeypatch.setenv("STAGES", str(world.stages_file))
    monkeypatch.chdir(tmp_path)

    def call(*argv: str) -> tuple[int, str, str]:
        code = cli.main(argv)
        return (code, *capsys.readouterr())

    return call


@pytest.fixture
def web(world, command):
    world.write("web")
    world.one("start")
    world.cluster.sleep(10)
    world.cluster.calls.clear()
    return world


def test_status_is_a_table_and_exit_0_when_all_run(web, command):
    code, out, err = command("status")
    assert (code, err) == (0, "")
    assert out.splitlines()[1].split()[:2] == ["web", "running"]
    assert web.cluster.calls["squeue"] == 1


def test_status_of_nothing_says_so(command):
    assert command("status") == (0, "no services\n", "")


def test_json_is_one_object_on_stdout_and_nothing_else(web, command):
    for action in ("status", "stop", "start"):
        code, out, _ = command(action, "--json", "web")
        answer = json.loads(out)
        assert (code, answer["schema"]) == (0, 1)
        assert [each["action"] for each in answer["results"]] == [action]


def test_an_error_is_one_sentence_on_stderr_and_its_exit_code(command):
    code, out, err = command("start", "../x")
    assert (code, out) == (2, "")
    assert err.startswith("sbatch-service: a service name: '../x' is not one; ")
    assert err.count("\n") == 1


def test_an_error_with_json_is_an_object_too(command):
    code, out, err = command("start", "--json", "../x")
    answer = json.loads(out)
    assert (code, answer["results"], answer["error"]["exit_code"]) == (2, [], 2)
    assert "'../x'" in answer["error"]["message"]
    assert "'../x'" in err


def test_a_service_that_fails_is_told_on_stderr(world, command):
    world.write("web", "#!/bin/sh\nexit 3\n")
    code, out, err = command("start", "web")
    assert (code, out) == (1, "")
    assert "failed with exit status 3" in err


def test_the_exit_code_is_the_worst_of_all_services(web, command):
    assert command("status", "web", "wiki")[0] == 3
    web.cluster.silent = True
    assert command("status", "web")[0] == 4


def test_check_says_what_would_be_done(web, command):
    code, out, _ = command("restart", "--check", "web")
    assert code == 0
    assert "web: would stop job " in out
    assert "would submit web-service" in out
    assert web.cluster.calls["scancel"] == web.cluster.calls["sbatch"] == 0


def test_a_purge_without_a_terminal_needs_a_yes(web, command, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    files = web.files()
    for words in (["purge", "web"], ["purge", "web", "--json"]):
        code, _, err = command(*words)
        assert code == 2
        assert "give --yes" in err
    assert web.files() == files
    assert command("purge", "--yes", "web")[0] == 0


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 2), ("\n", 2), ("", 2)])
def test_a_purge_asks_on_a_terminal(web, command, monkeypatch, answer, code):
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    found, out, _ = command("purge", "web")
    assert found == code
    assert "This removes web." in out
    assert (web.home / ".sbatch-service/web").exists() == bool(code)


def test_an_interrupt_says_how_to_go_on(web, command, monkeypatch):
    def interrupt() -> None:
        raise KeyboardInterrupt

    # It would hold for the tests that follow, and for what they start.
    monkeypatch.setattr(cli, "_ignore_interrupts", lambda: None)
    web.cluster.before_squeue = interrupt
    code, out, err = command("stop", "web")
    assert (code, out) == (130, "")
    assert "run the same command again" in err


def test_a_home_that_cannot_be_entered_is_told(web, command, monkeypatch):
    def denied(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "chdir", denied)
    code, _, err = command("status")
    assert code == 1
    assert str(web.home) in err


def test_stages_run_in_the_home(world, command):
    world.write("web", '#!/bin/sh\npwd >"$STAGES"\n')
    command("init", "web")
    assert world.stages() == [str(world.home)]


def test_another_account_is_not_acted_for_without_root(command, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 2001)
    code, _, err = command("status", "--account", "nobody")
    assert code == 1
    assert "only root may act as nobody" in err


def test_a_site_file_is_checked_without_an_account(tmp_path, capsys):
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('partition = "p"\n')
    bad.write_text("partitoin = 1\n")
    assert cli.main(["--check-site", str(good)]) == 0
    assert cli.main(["--check-site", str(bad)]) == 2
    assert "unknown key 'partitoin'" in capsys.readouterr().err


def test_what_was_done_is_told_in_a_line_a_service(world, command):
    world.write("web")
    for action, word in (
        ("init", "initialised"),
        ("start", "started"),
        ("start", "already there"),
        ("reload", "will begin with its new files"),
        ("stop", "stopped"),
        ("stop", "already stopped"),
    ):
        code, out, _ = command(action, "web")
        assert (code, out.startswith(f"web: {word}")) == (0, True), (action, out)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"", b"{", b"\x80", b'"\xed\xa0\x80"'], ids=repr)
def test_bytes_that_are_no_document_are_a_usage_error_and_no_traceback(data):
    program = "import sys; from sciportal.service.cli import main; sys.exit(main(['apply']))"
    for lang in ("C", "C.UTF-8"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            input=data,
            capture_output=True,
            env={"PYTHONPATH": str(SOURCE), "LANG": lang, "PATH": "/usr/bin:/bin"},
            check=False,
        )
        assert done.returncode == 2
        assert done.stderr.startswith(b"sbatch-service: apply")
        assert b"Traceback" not in done.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Put the command's output and its messages on a terminal."""

    def put() -> tuple[Terminal, Terminal]:
        found = Terminal(), Terminal()
        monkeypatch.setattr(sys, "stdout", found[0])
        monkeypatch.setattr(sys, "stderr", found[1])
        return found

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return put


def test_states_are_coloured_on_a_terminal_only(web, command, terminal, monkeypatch):
    assert "\033" not in command("status")[1]
    out, _err = terminal()
    cli.main(["status"])
    assert "\033[32mrunning\033[0m" in out.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    out, _err = terminal()
    cli.main(["status"])
    assert "\033" not in out.getvalue()


def test_a_wait_is_shown_on_a_terminal_only(web, command, terminal):
    web.cluster.start_seconds = 4
    for words in (["restart", "web"], ["restart", "--json", "web"]):
        _code, out, err = command(*words, "--wait=2")
        assert "\r" not in out + err
    _out, err = terminal()
    cli.main(["restart", "--json", "--wait=2", "web"])
    assert "\r" not in err.getvalue()
    _out, err = terminal()
    cli.main(["restart", "--wait=2", "web"])
    assert "web: pending 1 s\r\033[K" in err.getvalue()


def test_more_is_told_on_request(web, command):
    code, out, err = command("status", "-v")
    assert (code, err) == (0, "")
    assert "\nweb:\n  phase " in out
    assert "~/.sbatch-service/log/web.log" in out
    assert "phase" not in command("status")[1]


def test_what_a_service_prints_cannot_drive_the_terminal(world, command):
    world.write("web", "#!/bin/sh\nprintf '\\033[2Jgone' >&2\nexit 3\n")
    code, _out, err = command("start", "web")
    assert (code, "\033" in err, "?[2Jgone" in err) == (1, False, True)

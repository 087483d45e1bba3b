"""The stages of the type uwsgi in a home, up to the program that main becomes."""

from __future__ import annotations

import io
import os
import sys

import pytest

from sciportal.service import portfile
from sciportal.service.home import Home
from sciportal.service.types import uwsgi, uwsgi_app, uwsgi_options


@pytest.fixture
def account(world, tmp_path, monkeypatch):
    """An account whose host has uwsgi; HOME is its home."""
    for name, path in (("SERVER", "uwsgi"), ("STANDARD", "uwsgi.ini")):
        (tmp_path / path).touch()
        monkeypatch.setattr(uwsgi, name, str(tmp_path / path))
    (tmp_path / "python3_plugin.so").touch()
    monkeypatch.setattr(uwsgi_app, "PLUGIN_DIRECTORIES", (str(tmp_path),))
    monkeypatch.setattr(uwsgi, "current", lambda: world.account)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    for name in ("UWSGI_PLUGIN", "UWSGI_LOCATION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORT", "9000")
    return world


@pytest.fixture
def ready(account, monkeypatch):
    """An account with an application."""
    monkeypatch.setenv("UWSGI_PLUGIN", "python")
    monkeypatch.setenv("UWSGI_LOCATION", "web/app.py")
    assert uwsgi.main(["init"]) == 0
    return account


def own(world, name):
    return world.home / ".uwsgi-service" / name


def test_init_makes_every_file_and_leaves_them_alone_afterwards(ready):
    made = {path.name: path.read_text() for path in own(ready, "").iterdir()}
    assert set(made) == {".written", "README", "app.ini", "options.ini", "ports.ini"}
    assert made["ports.ini"] == portfile.text(9000)
    assert "wsgi-file = web/app.py" in made["app.ini"]
    for name in ("app.ini", "options.ini"):
        own(ready, name).write_text(made[name] + "; mine\n")
    assert uwsgi.main(["init"]) == 0
    assert own(ready, "app.ini").read_text().endswith("; mine\n")
    assert own(ready, "options.ini").read_text().endswith("; mine\n")


def test_options_of_an_earlier_version_are_renewed_and_edited_ones_told_of(
    ready, monkeypatch, capsys
):
    monkeypatch.setattr(uwsgi_options, "HEADER", "; newer\n")
    assert uwsgi.main(["init"]) == 0
    assert own(ready, "options.ini").read_text().startswith("; newer\n")
    assert capsys.readouterr().out == ""
    own(ready, "options.ini").write_text("workers = 2\n")
    monkeypatch.setattr(uwsgi_options, "HEADER", "; newest\n")
    assert uwsgi.main(["init"]) == 0
    assert own(ready, "options.ini").read_text() == "workers = 2\n"
    assert "options.ini is not as init wrote it, and is kept" in capsys.readouterr().out


def test_init_without_an_application_says_how_to_name_it(account, capsys):
    assert uwsgi.main(["init"]) == 1
    assert "UWSGI_PLUGIN" in capsys.readouterr().err
    assert not own(account, "app.ini").exists()


def test_the_port_that_the_command_chose_is_written_down(ready, monkeypatch):
    monkeypatch.setenv("PORT", "9001")
    assert uwsgi.main(["start"]) == 0
    assert own(ready, "ports.ini").read_text() == portfile.text(9001)


def test_a_file_that_the_account_edited_is_not_written(ready, monkeypatch, capsys):
    text = portfile.text(9000) + "; mine\n"
    own(ready, "ports.ini").write_text(text)
    monkeypatch.setenv("PORT", "9001")
    assert uwsgi.main(["start"]) == 1
    assert "restart uwsgi" in capsys.readouterr().err
    assert own(ready, "ports.ini").read_text() == text


def test_main_becomes_uwsgi_with_the_sites_file_first(ready, monkeypatch):
    own(ready, "options.ini").write_text("threads = 4\n")
    seen = []
    monkeypatch.setattr(os, "execve", lambda *words: seen.append(words))
    uwsgi.main(["main"])
    ((program, words, environ),) = seen
    place = str(own(ready, ""))
    assert program == uwsgi.SERVER
    assert words[1:] == [
        *("--ini", uwsgi.STANDARD, "--ini", f"{place}/app.ini"),
        *("--threads", "4", "--ini", f"{place}/ports.ini"),
    ]
    # uwsgi would take them for options of its own.
    assert not {"UWSGI_PLUGIN", "UWSGI_LOCATION"} & set(environ)


def test_main_does_not_listen_elsewhere_than_its_job_says(ready, monkeypatch, capsys):
    monkeypatch.setenv("PORT", "9001")
    assert uwsgi.main(["main"]) == 1
    assert "it is 9000, and the job has 9001" in capsys.readouterr().err


def test_a_mistake_stops_the_start(ready, capsys):
    own(ready, "options.ini").write_text("thread = 4\n")
    assert uwsgi.main(["start"]) == 1
    assert "options.ini, line 1: unknown option 'thread'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["app.ini", "uwsgi", "uwsgi.ini"])
def test_what_is_missing_is_named(ready, tmp_path, name, capsys):
    path = own(ready, name) if name == "app.ini" else tmp_path / name
    path.unlink()
    assert uwsgi.main(["start"]) == 1
    assert str(path) in capsys.readouterr().err


def test_stop_is_gentle_and_a_stage_that_is_none_is_said(ready, capsys):
    assert uwsgi.main(["stop"]) == 0
    assert capsys.readouterr().out == "SIGTERM\n"
    assert uwsgi.main(["fly"]) == 2
    assert "'fly' is no stage" in capsys.readouterr().err


@pytest.mark.parametrize(("status", "code"), [(0, 0), (22, 1)])
@pytest.mark.parametrize(("action", "signal"), [("reload", "SIGHUP"), ("stop", "SIGTERM")])
def test_what_is_to_follow_is_tried_first(
    ready, tmp_path, monkeypatch, action, signal, status, code, capsys
):
    monkeypatch.setenv("AGAIN", "1")
    (tmp_path / "uwsgi").write_text(f"#!/bin/sh\necho no such module >&2\nexit {status}\n")
    (tmp_path / "uwsgi").chmod(0o755)
    assert uwsgi.main([action]) == code
    said = capsys.readouterr()
    assert said.out == ("" if code else f"{signal}\n")
    assert ("no such module" in said.err) == bool(code)


def test_only_an_application_of_rack_has_our_file_before_it(ready):
    home = Home(str(ready.home))
    assert not set(uwsgi.RACK) & set(uwsgi.command(home))
    text = own(ready, "app.ini").read_text()
    own(ready, "app.ini").write_text(text.replace("wsgi-file = web/app.py", "rack = config.ru"))
    own(ready, "options.ini").write_text("workers = 2\n")
    assert uwsgi.command(home)[-4:] == ["--workers", "2", *uwsgi.RACK]

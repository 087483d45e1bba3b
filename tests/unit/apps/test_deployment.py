"""What brings a release into service."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sciportal.apps import deployment, loaded
from sciportal.apps.deployment import Deed, command, decide, environment
from sciportal.apps.loaded import Loaded
from sciportal.apps.place import Place, mine
from sciportal.service.errors import ServiceError, UsageError

THERE = Loaded("ini", "source")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An application with one release, which does not run."""
    made = Place(tmp_path, tmp_path / "state", "poms")
    (made.releases / "1").mkdir(parents=True)
    (made.releases / "1" / "app.py").write_text("application = None\n")
    made.ini.parent.mkdir(parents=True)
    made.ini.write_text("[uwsgi]\n")
    made.control.mkdir(parents=True)
    return made


@pytest.mark.parametrize(
    ("has", "runs", "linked", "deed"),
    [
        (THERE, True, True, Deed.NOTHING),
        (THERE, True, False, Deed.CHAIN),
        (Loaded("ini", "other"), True, True, Deed.CHAIN),
        (Loaded("other", "source"), True, True, Deed.FULL),
        (Loaded("other", "other"), True, False, Deed.FULL),
        (None, True, True, Deed.FULL),
        (None, False, True, Deed.NOTHING),
        (None, False, False, Deed.LINK),
    ],
)
def test_what_runs_is_compared_with_what_is_there(
    has: Loaded | None, runs: bool, linked: bool, deed: Deed
) -> None:
    assert decide(THERE, has, runs=runs, linked=linked) is deed


def test_a_release_that_cannot_be_loaded_never_becomes_the_current_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployment, "UWSGI", "/bin/false")
    with pytest.raises(ServiceError, match="what runs now goes on running"):
        deployment.deploy(place, "1", 5)
    assert not place.current.is_symlink()


def test_a_release_that_can_becomes_it_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment, "UWSGI", "/bin/true")
    assert deployment.deploy(place, "1", 5) is Deed.LINK
    assert deployment.deploy(place, "1", 5) is Deed.NOTHING
    assert place.current.readlink() == Path("1")


@pytest.mark.parametrize("release", ["", "2", "..", "current", "1/../1", "../poms/1", "a\n"])
def test_what_is_no_release_is_refused(place: Place, release: str) -> None:
    place.current.symlink_to("1")
    with pytest.raises(UsageError, match="is no directory"):
        deployment.directory(place, release)


def test_a_fingerprint_follows_files_and_not_what_running_writes(place: Place) -> None:
    release = place.releases / "1"
    before = loaded.of_tree(release)
    (release / "__pycache__").mkdir()
    (release / "__pycache__" / "app.pyc").write_text("x")
    assert loaded.of_tree(release) == before
    place.current.symlink_to("1")
    assert loaded.of_tree(place.current) == before
    os.utime(release / "app.py", ns=(1, 1))
    changed = loaded.of_tree(release)
    assert changed != before
    (release / "sub").mkdir()
    assert loaded.of_tree(release) not in (before, changed)


def test_what_was_loaded_is_that_of_one_process(place: Place) -> None:
    loaded.write(place, 7, THERE)
    assert loaded.read(place, 7) == THERE
    assert loaded.read(place, 8) is None
    for said in ("", "[]", "{}", '{"pid": 7}', "7"):
        place.loaded.write_text(said)
        assert loaded.read(place, 7) is None


def test_a_trial_has_none_of_the_instances_sockets(place: Place) -> None:
    argv = command(place, None, 1)
    assert argv[argv.index("--socket") + 1] == str(place.socket)
    assert "--logto2" not in argv
    assert str(place.stats.parent) == str(place.fifo.parent) == str(place.control)
    assert command(place, Path("/l"), 5)[-6:] == [
        "--logto2",
        "/l",
        "--log-maxsize",
        "5",
        "--log-backupname",
        "/l.1",
    ]


def test_uwsgi_takes_no_options_from_the_environment() -> None:
    made = environment({"UWSGI_SOCKET": ":1", "PATH": "/bin"}, Path("/r"))
    assert made == {"PATH": "/bin", "SCIPORTAL_SOURCE": "/r", "MALLOC_ARENA_MAX": "2"}
    assert environment({"MALLOC_ARENA_MAX": "4"}, Path("/r"))["MALLOC_ARENA_MAX"] == "4"


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "a--", "x" * 33, "a\n"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        mine(name)


def test_root_has_no_applications() -> None:
    if os.geteuid() == 0:
        with pytest.raises(UsageError, match="root asks"):
            mine("poms")

"""Purging: exactly the canonical files, and an archive of them first."""

from __future__ import annotations

import errno
import os
import shutil
import tarfile

import pytest

from sciportal.service import lifecycle
from sciportal.service.errors import BusyError
from sciportal.service.lock import Lock

MINE = [
    *("notes.txt", ".web-service.bak", ".sbatch-service/web.bak", ".sbatch-service/webs"),
    *(".sbatch-service/log/webs.log", ".sbatch-service/log/web.txt", ".logrotate.d/web"),
]


@pytest.fixture
def web(world):
    """A service with files of every canonical kind, beside others of the account."""
    world.write("web", settings="stop_timeout = 5")
    world.one("deploy")
    own = world.home / ".web-service"
    (own / "log").mkdir(parents=True)
    (own / "options.conf").write_text("mine\n")
    (world.home / ".logrotate.d/web-service-own").symlink_to("../.web-service/logrotate")
    for name in ("web.log", "web.log.1", "web.log.2.gz"):
        (world.home / ".sbatch-service/log" / name).write_text(f"{name}\n")
    world.cluster.sleep(10)
    return world


def archives(world) -> list[tarfile.TarFile]:
    place = world.home / ".sbatch-service-purged"
    return [tarfile.open(path) for path in sorted(place.iterdir())] if place.exists() else []


def test_a_purge_removes_every_canonical_file_and_its_lock(web):
    result = web.one("purge")
    assert (result.exit_code, result.changed, result.state) == (0, True, "stopped")
    left = [name for name in web.files() if not name.startswith(".sbatch-service-purged")]
    assert left == [".logrotate.d"]


def test_a_purge_removes_nothing_else(web):
    for name in MINE:
        (web.home / name).write_text("mine")
    web.one("purge")
    for name in MINE:
        assert (web.home / name).read_text() == "mine"


def test_a_purge_beside_another_service_leaves_no_trace_of_the_name(web):
    web.write("wiki")
    web.one("deploy", "wiki")
    web.one("purge", archive=False)
    assert [name for name in web.files() if "web" in name] == []
    assert web.one("status", "wiki").exit_code in (0, 3)


def test_the_job_is_stopped_before_its_files_go(web):
    web.cluster.end_seconds = 2.0
    web.one("purge")
    assert web.cluster.of("web") == []
    assert [line.split()[1] for line in web.stages()][-1] == "stop"


def test_a_job_that_cannot_be_stopped_keeps_its_files(web):
    web.cluster.end_seconds = None
    web.cluster.immortal.add(web.cluster.of("web")[0].id)
    files = web.files()
    assert web.one("purge").exit_code == 1
    assert web.files() == files


def test_the_archive_holds_what_was_removed(web):
    before = {
        name: (web.home / name).read_text()
        for name in (".sbatch-service/web", ".sbatch-service/web.toml", ".web-service/options.conf")
    }
    web.one("purge")
    (archive,) = archives(web)
    names = archive.getnames()
    for name, text in before.items():
        assert archive.extractfile(name).read().decode() == text
    assert {".sbatch-service/log/web.log.2.gz", ".logrotate.d/web-service-own"} <= set(names)
    assert archive.getmember(".logrotate.d/web-service").issym()
    place = web.home / ".sbatch-service-purged"
    assert place.stat().st_mode & 0o077 == 0
    assert next(place.iterdir()).stat().st_mode & 0o077 == 0


def test_without_an_archive_none_is_made(web):
    assert web.one("purge", archive=False).exit_code == 0
    assert archives(web) == []


def test_a_second_purge_has_nothing_to_do(web):
    web.one("purge")
    result = web.one("purge")
    assert (result.exit_code, result.changed) == (0, False)
    assert len(archives(web)) == 1


def test_two_purges_within_a_second_keep_two_archives(web):
    web.one("purge")
    web.write("web")
    web.cluster.time -= web.cluster.time % 1
    web.one("purge")
    web.write("web")
    web.one("purge")
    assert len(archives(web)) == 3


def test_an_archive_that_finds_no_room_removes_nothing_and_leaves_no_part(web, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    web.one("stop")
    files = web.files()
    monkeypatch.setattr(os, "fsync", full)
    result = web.one("purge")
    monkeypatch.undo()
    assert result.exit_code == 1
    assert "free some space" in result.message
    left = [name for name in web.files() if name != ".sbatch-service-purged"]
    assert left == files


def test_a_purged_service_can_be_set_up_again(web):
    web.one("purge")
    assert web.one("start").exit_code == 1
    web.write("web")
    assert web.one("deploy").exit_code == 0


def test_links_in_a_services_own_directory_are_not_followed(web, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/file").write_text("mine")
    (web.home / ".web-service/data").symlink_to(tmp_path / "data")
    assert web.one("purge").exit_code == 0
    assert (tmp_path / "data/file").read_text() == "mine"
    (archive,) = archives(web)
    assert archive.getmember(".web-service/data").issym()


def test_a_purge_of_every_service_leaves_only_the_archives(web):
    web.write("wiki")
    web.one("deploy", "wiki")
    assert [each.exit_code for each in web.run("purge", "web", "wiki")] == [0, 0]
    left = [name for name in web.files() if not name.startswith(".sbatch-service-purged")]
    assert left == [".logrotate.d"]
    assert len(archives(web)) == 2


@pytest.mark.parametrize("outcome", ["purged", "unknown"])
def test_a_purge_leaves_the_other_services_a_place_for_their_logs(world, outcome):
    world.cluster.start_seconds = None
    for service in ("web", "wiki"):
        world.write(service)
        world.one("start", service)
    world.cluster.silent = outcome == "unknown"
    assert world.one("purge", "web").exit_code == (0 if outcome == "purged" else 4)
    assert (world.home / ".sbatch-service/log").is_dir()


def test_check_mode_names_every_file_and_removes_none(web):
    files = web.files()
    result = web.one("purge", check=True)
    assert result.changed
    assert ".sbatch-service/log/web.log.1" in [step.detail for step in result.steps]
    assert web.files() == files


LEFT = [".sbatch-service/web.7.0123abcd.tmp", ".sbatch-service/.state/web.json.7.0123abcd.tmp"]


def test_a_purge_removes_what_killed_calls_left(web):
    for name in LEFT:
        (web.home / name).write_text("half")
    purged = web.home / ".sbatch-service-purged"
    purged.mkdir()
    for service in ("web", "web-2"):
        (purged / f"{service}-20260101T000000Z.tar.gz.partial").write_text("half")
    web.one("purge")
    assert not [name for name in web.files() if name in LEFT]
    # The other is somebody else's, who may be writing it.
    assert [path.name for path in purged.glob("*.partial")] == [
        "web-2-20260101T000000Z.tar.gz.partial"
    ]


def test_a_purge_removes_what_the_job_wrote_while_it_was_stopped(web, monkeypatch):
    mine = [".sbatch-service/log/web.log", ".sbatch-service/.state/web.run"]
    for name in mine:
        (web.home / name).unlink(missing_ok=True)
    signal = web.cluster.signal

    def late(*words):
        for name in mine:
            (web.home / name).write_text("late")
        signal(*words)

    monkeypatch.setattr(web.cluster, "signal", late)
    web.one("purge")
    assert not [name for name in web.files() if name in mine]
    names = archives(web)[0].getnames()
    assert set(mine) <= set(names)


def test_a_purge_of_every_service_removes_the_lock_that_a_killed_one_left(world):
    world.write("web")
    world.one("init")
    world.one("purge", archive=False)
    state = world.home / ".sbatch-service/.state"
    state.mkdir(parents=True)
    (state / "web.lock").touch()
    held = Lock(str(state / "wiki.lock"), "wiki", 0)
    world.run("purge")
    assert [path.name for path in state.iterdir()] == ["wiki.lock"]
    held.release()
    world.run("purge")
    assert world.files() == [".logrotate.d"]


def test_a_purge_removes_the_ledger_last(web):
    removed = [step.detail for step in web.one("purge").steps if step.step == "remove"]
    assert removed[-1] == ".sbatch-service/.state/web.json"


@pytest.mark.parametrize(("action", "code"), [("stop", 0), ("purge", 0), ("deploy", 0)])
def test_a_purge_that_takes_the_directories_away_does_not_fail_others(
    world, monkeypatch, action, code
):
    world.write("web")
    world.one("init")
    times = iter([True])

    def taken(*words):
        if next(times, False):
            shutil.rmtree(world.home / ".sbatch-service/.state")
        return Lock(*words)

    monkeypatch.setattr(lifecycle, "Lock", taken)
    assert world.one(action).exit_code == code


def test_a_service_that_is_set_up_meanwhile_is_not_half_purged(world):
    world.write("web")
    started = []

    def start():
        world.cluster.before_squeue = lambda: None
        started.append(world.one("start", lock_timeout=0))

    world.cluster.before_squeue = start
    assert world.one("purge").exit_code == 0
    (result,) = started
    assert result.exit_code == BusyError.exit_code
    assert world.cluster.of("web") == []


def test_a_purge_of_nothing_leaves_nothing(world):
    result = world.one("purge")
    assert (result.exit_code, result.changed) == (0, False)
    assert world.files() == []

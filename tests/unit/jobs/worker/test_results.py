"""What a hostile job left is told and sent, or left out; nothing of it is followed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from sciportal.jobs import exchange
from sciportal.jobs.worker import errands, measure, results
from sciportal.jobs.worker.multipart import Body, Part


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "job/work"
    made.mkdir(parents=True)
    return made


def names(work: Path, patterns: Sequence[str] = ("*",), most: int = 10000) -> list[str]:
    return [part.name for part in results.of(work.parent, patterns, most).parts]


def test_results_are_what_the_patterns_choose_and_the_streams(work: Path) -> None:
    for name in ("a.png", "b.png", "c.txt", "out/d.png", "out/e/f.par"):
        path = work / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    (work.parent / "stdout").write_text("said")
    (work.parent / "exit").write_text("0")
    assert names(work, ["*.png"]) == ["stdout", "a.png", "b.png", "out/d.png"]
    assert names(work, ["out/*"]) == ["stdout", "out/d.png", "out/e/f.par"]
    found = results.of(work.parent, ["a.png"], 10000)
    told = [(n, len(n), hashlib.sha256(t).hexdigest()) for n, t in [("a.png", b"a.png")]]
    told.append(("stdout", 4, hashlib.sha256(b"said").hexdigest()))
    assert found.sha256 == exchange.digest(told)
    assert found.omitted == ""


def test_links_pipes_and_second_names_are_left_out(work: Path, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("secret")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.png").write_text("secret")
    (work / "link.png").symlink_to(secret)
    (work / "directory").symlink_to(outside)
    (work / "hard.png").hardlink_to(secret)
    os.mkfifo(work / "pipe.png")
    (work / "good.png").write_text("good")
    found = results.of(work.parent, ["*"], 10000)
    assert [part.name for part in found.parts] == ["good.png"]
    for each in ("link.png", "hard.png", "pipe.png"):
        assert each in found.omitted or "more" in found.omitted


@pytest.mark.parametrize("name", ["a\nb.png", "-o.png", ".hidden", 'a".png', "ä.png", "a;b"])
def test_names_that_mean_something_elsewhere_are_left_out(work: Path, name: str) -> None:
    (work / name).write_text("x")
    (work / "good.png").write_text("good")
    assert names(work) == ["good.png"]


def test_a_job_cannot_stand_in_for_its_streams(work: Path) -> None:
    (work / "stdout").write_text("forged")
    (work.parent / "stdout").write_text("real")
    parts = results.of(work.parent, ["*"], 10000).parts
    assert [part.name for part in parts] == ["stdout"]
    with parts[0].open() as file:
        assert file.read() == b"real"


def test_what_is_over_the_limit_is_left_out_and_named(work: Path) -> None:
    (work / "a.png").write_bytes(bytes(600))
    (work / "b.png").write_bytes(bytes(600))
    (work / "c.png").write_bytes(bytes(300))
    found = results.of(work.parent, ["*"], 1000)
    assert [part.name for part in found.parts] == ["a.png", "c.png"]
    assert "b.png (over the limit" in found.omitted


def test_a_closed_directory_hides_nothing(work: Path) -> None:
    inner = work / "inner"
    inner.mkdir()
    (inner / "big").write_bytes(os.urandom(100_000))
    inner.chmod(0)
    assert measure.below(str(work), 100).size >= 100_000
    assert names(work, most=10**6) == ["inner/big"]


def test_counting_ends(work: Path) -> None:
    for number in range(20):
        (work / str(number)).touch()
    assert "more than 10 files" in measure.below(str(work), 10).problem


def test_holes_cost_nothing(work: Path) -> None:
    with (work / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    assert measure.below(str(work), 100).size < 1_000_000


def test_a_hostile_tree_is_removed(work: Path) -> None:
    here = os.open(work, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.fchmod(here, 0)
    os.close(here)
    (work / "link").symlink_to("/etc")
    errands.remove(work.parent)
    assert not work.parent.exists()
    assert Path("/etc/passwd").exists()


def test_a_body_is_as_long_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 200_000)
    body = Body(("result", '{"exit": 0}'), [Part("a", lambda: path.open("rb"), 200_000)])
    whole = b"".join(body)
    assert len(whole) == body.length
    assert whole.count(body.type.partition("boundary=")[2].encode()) == 3


def test_a_file_that_became_shorter_breaks_the_upload_off(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    body = Body(("result", "{}"), [Part("a", lambda: path.open("rb"), 2)])
    with pytest.raises(OSError, match="shorter"):
        list(body)

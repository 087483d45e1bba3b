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
from unit.jobs.worker.orders import order


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "job/work"
    made.mkdir(parents=True)
    return made


def found(work: Path, patterns: Sequence[str] = ("*",), most: int = 10000) -> results.Results:
    return results.of(work.parent, order(outputs=tuple(patterns)), most)


def test_results_are_told_by_their_digest(work: Path) -> None:
    (work / "a.png").write_text("a.png")
    (work / "b.txt").write_text("not wanted")
    (work.parent / "stdout").write_text("said")
    made = found(work, ["*.png"])
    assert [(part.name, part.size) for part in made.parts] == [("stdout", 4), ("a.png", 5)]
    sums = {"stdout": b"said", "a.png": b"a.png"}
    told = [(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in sums.items()]
    assert (made.sha256, made.left_out) == (exchange.digest(told), "")


def test_what_is_not_sent_is_named(work: Path) -> None:
    for number in range(5):
        (work / f"{number}.png").write_bytes(bytes(600))
    made = found(work, most=1000)
    assert [part.name for part in made.parts] == ["0.png"]
    assert made.left_out.startswith("not sent: 1.png")
    assert made.left_out.endswith("and 1 more")


def test_nothing_is_told_by_nothing(work: Path) -> None:
    assert found(work) == results.Results((), "", "")


def test_a_closed_directory_hides_nothing_from_the_limit(work: Path) -> None:
    inner = work / "inner"
    inner.mkdir()
    (inner / "big").write_bytes(os.urandom(100_000))
    inner.chmod(0)
    assert measure.below(str(work), 100).size >= 100_000


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

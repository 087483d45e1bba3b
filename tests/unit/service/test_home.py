"""Files of an account: written all or nothing, and read without harm."""

from __future__ import annotations

import errno
import os

import pytest

from sciportal.service.home import Home
from unit.service.homes import names
from unit.service.refusals import refused
from unit.service.running import descriptors


def test_a_home_that_is_not_there_is_told(tmp_path):
    assert "is not there" in refused(Home, str(tmp_path / "gone"))


def test_a_home_behind_a_link_is_a_home(tmp_path, root):
    (tmp_path / "link").symlink_to(root)
    home = Home(str(tmp_path / "link"))
    home.write("file", "text")
    assert (root / "file").read_text() == "text"


# Writing


def test_a_file_is_written_with_its_mode_whatever_the_umask(home, root):
    old = os.umask(0o077)
    try:
        home.write("open", "x", 0o644)
        home.write("private", "x")
    finally:
        os.umask(old)
    assert (root / "open").stat().st_mode & 0o777 == 0o644
    assert (root / "private").stat().st_mode & 0o777 == 0o600


def test_a_file_is_replaced_and_not_rewritten_in_place(home, root):
    home.write("file", "old")
    with (root / "file").open() as reader:
        home.write("file", "new")
        assert reader.read() == "old"
    assert (root / "file").read_text() == "new"


def test_a_link_is_replaced_and_what_it_leads_to_left_alone(home, root, outside):
    (outside / "target").write_text("mine")
    (root / "file").symlink_to(outside / "target")
    home.write("file", "new")
    assert (outside / "target").read_text() == "mine"
    assert not (root / "file").is_symlink()


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "run the same command again"),
    ],
)
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_failing_disk_leaves_the_old_file_and_no_other(
    home, root, monkeypatch, call, number, advice
):
    home.write("file", "old")

    def fails(*_):
        raise OSError(number, os.strerror(number))

    before = descriptors()
    monkeypatch.setattr(os, call, fails)
    said = refused(home.write, "file", "new")
    monkeypatch.undo()
    assert advice in said
    assert str(root / "file") in said
    assert (root / "file").read_text() == "old"
    assert names(root) == ["file"]
    assert descriptors() == before


def test_a_disk_that_fills_up_in_the_middle_leaves_no_half_file(home, root, monkeypatch):
    write, written = os.write, []

    def half(descriptor, data):
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(write(descriptor, data[: len(data) // 2]))
        return written[0]

    monkeypatch.setattr(os, "write", half)
    refused(home.write, "file", "x" * 1000)
    assert names(root) == []


def test_a_short_write_is_continued(home, root, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    home.write("file", "0123456789" * 10)
    monkeypatch.undo()
    assert (root / "file").read_text() == "0123456789" * 10


def test_an_interrupt_leaves_no_temporary_file(home, root, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        home.write("file", "new")
    assert names(root) == []


def test_a_directory_in_the_way_is_told_and_nothing_left(home, root):
    (root / "file").mkdir()
    assert "directory" in refused(home.write, "file", "new").lower()
    assert names(root) == ["file"]


def test_a_missing_directory_is_told(home):
    assert "No such file or directory" in refused(home.write, "missing/file", "new")


# Reading


def test_a_missing_file_is_none_and_an_empty_one_empty(home, root):
    (root / "empty").touch()
    assert home.read("missing") is None
    assert home.read("empty") == ""


def test_a_fifo_does_not_hold_us(home, root):
    os.mkfifo(root / "fifo")
    assert "no regular file" in refused(home.read, "fifo")
    assert home.tail("fifo", 5) == ""


def test_a_directory_is_no_file_and_no_descriptor_stays_open(home, root):
    (root / "dir").mkdir()
    before = descriptors()
    refused(home.read, "dir")
    home.tail("dir", 5)
    assert descriptors() == before


def test_a_loop_of_links_is_told(home, root):
    (root / "loop").symlink_to("loop")
    assert "symbolic links" in refused(home.read, "loop")


def test_a_file_is_read_up_to_its_limit_and_not_past_it(home, root):
    (root / "file").write_text("x" * 100)
    assert home.read("file", 100) == "x" * 100
    assert "more than 99 bytes" in refused(home.read, "file", 99)


def test_bytes_that_are_no_text_are_replaced(home, root):
    (root / "file").write_bytes(b"a\xffb")
    assert home.read("file") == "a\ufffdb"


def test_a_file_where_a_directory_should_be_is_told(home, root):
    (root / "file").touch()
    assert "Not a directory" in refused(home.read, "file/inner")
    assert home.names("file") == []


def test_a_directory_that_cannot_be_listed_is_told(home, monkeypatch):
    def denied(_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "listdir", denied)
    assert "Permission denied" in refused(home.names, ".sbatch-service")


def test_the_tail_is_the_last_lines_behind_a_place(home, root):
    (root / "log").write_text("".join(f"line {n}\n" for n in range(10)))
    assert home.tail("log", 2) == "line 8\nline 9"
    assert home.tail("log", 5, start=len("line 0\n") * 9) == "line 9"
    assert home.tail("missing", 5) == ""


def test_the_tail_of_a_log_that_was_rotated_meanwhile_is_all_of_it(home, root):
    (root / "log").write_text("fresh\n")
    assert home.tail("log", 5, start=1000) == "fresh"


def test_the_tail_of_a_huge_log_is_short_work(home, root):
    with (root / "log").open("wb") as file:
        file.seek(1 << 30)
        file.write(b"\nend\n")
    assert home.tail("log", 1) == "end"

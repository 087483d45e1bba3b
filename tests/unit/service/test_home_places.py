"""Directories, removal, and links out of the home."""

from __future__ import annotations

import pytest

from unit.service.homes import names
from unit.service.refusals import refused


@pytest.mark.parametrize("method", ["write", "make_directory", "link", "remove"])
def test_nothing_is_changed_behind_a_link_that_leaves_the_home(home, root, outside, method):
    (outside / "file").write_text("mine")
    (root / "sub").symlink_to(outside)
    name = "sub/file" if method in ("write", "remove") else "sub/new"
    arguments = ("text",) if method in ("write", "link") else ()
    said = refused(getattr(home, method), name, *arguments)
    assert "leads out of the home" in said
    assert (outside / "file").read_text() == "mine"
    assert names(outside) == ["file"]


def test_a_directory_that_is_a_link_out_of_the_home_does_not_pass_for_ours(home, root, outside):
    (root / ".sbatch-service").symlink_to(outside)
    assert "leads out of the home" in refused(home.make_directory, ".sbatch-service")


def test_a_neighbour_whose_name_begins_like_the_home_is_outside(home, root, tmp_path):
    (tmp_path / "home2").mkdir()
    (root / "sub").symlink_to(tmp_path / "home2")
    refused(home.write, "sub/file", "text")
    assert names(tmp_path / "home2") == []


def test_dots_do_not_lead_out_of_the_home(home, outside):
    refused(home.write, "../outside/file", "text")
    assert names(outside) == []


def test_a_link_within_the_home_is_fine(home, root):
    (root / "data").mkdir()
    (root / "sub").symlink_to(root / "data")
    home.write("sub/file", "text")
    assert (root / "data/file").read_text() == "text"


def test_a_directory_is_made_private_and_one_that_is_there_left_as_it_is(home, root):
    home.make_directory("new")
    assert (root / "new").stat().st_mode & 0o777 == 0o700
    (root / "old").mkdir(mode=0o755)
    home.make_directory("old")
    assert (root / "old").stat().st_mode & 0o777 == 0o755


def test_a_file_in_the_place_of_a_directory_is_told(home, root):
    (root / "log").touch()
    assert "a file of that name is there" in refused(home.make_directory, "log")


def test_a_directory_is_removed_whole_and_links_in_it_not_followed(home, root, outside):
    (outside / "file").write_text("mine")
    (root / "dir/deep").mkdir(parents=True)
    (root / "dir/deep/link").symlink_to(outside)
    home.remove("dir")
    assert names(root) == []
    assert (outside / "file").read_text() == "mine"


def test_a_link_to_a_directory_is_removed_and_not_the_directory(home, root, outside):
    (root / "link").symlink_to(outside)
    home.remove("link")
    assert not (root / "link").is_symlink()
    assert outside.is_dir()


def test_what_is_gone_already_is_removed(home):
    home.remove("missing")


def test_only_an_empty_directory_is_removed_as_empty(home, root):
    (root / "empty").mkdir()
    (root / "full").mkdir()
    (root / "full/file").touch()
    for name in ("empty", "full", "missing"):
        home.remove_empty(name)
    assert names(root) == ["full"]


def test_a_dangling_link_counts_as_being_there(home, root):
    (root / "link").symlink_to("nowhere")
    assert home.is_there("link")
    assert not home.is_there("missing")

"""Files of a type: renewed while they are as it wrote them, kept once somebody edited them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sciportal.service.home import Home
from sciportal.service.types.owned import Owned, checksum


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "own").mkdir()
    return Home(str(tmp_path))


def renew(home: Home, text: str, earlier: tuple[str, ...] = ()) -> bool:
    """What one `init` does about the file `options`."""
    owned = Owned(home, "own", earlier)
    done = owned.renew("options", text)
    owned.save()
    return done


def test_a_file_is_written_and_renewed_by_later_versions(home: Home) -> None:
    assert renew(home, "one\n")
    assert renew(home, "two\n")
    assert home.read("own/options") == "two\n"


def test_a_file_that_was_removed_comes_back(home: Home) -> None:
    renew(home, "one\n")
    home.remove("own/options")
    assert renew(home, "one\n")
    assert home.read("own/options") == "one\n"


def test_an_edited_file_is_kept_and_told_of_once_a_version(home: Home) -> None:
    renew(home, "one\n")
    home.write("own/options", "mine\n")
    # There is nothing new for it to miss.
    assert renew(home, "one\n")
    assert not renew(home, "two\n")
    assert renew(home, "two\n")
    assert home.read("own/options") == "mine\n"


def test_a_file_that_was_there_before_anything_was_written_is_kept(home: Home) -> None:
    home.write("own/options", "mine\n")
    assert not renew(home, "one\n")
    assert home.read("own/options") == "mine\n"


def test_what_was_written_before_there_was_a_record_is_renewed(home: Home) -> None:
    home.write("own/options", "old\n")
    assert renew(home, "one\n", (checksum("old\n"),))
    assert home.read("own/options") == "one\n"


def test_what_was_written_from_data_is_left_to_the_data_and_not_told_of(home: Home) -> None:
    home.write("own/options", "of data\n")
    home.write("own/.given", f"{checksum('of data' + chr(10))}  options\n")
    assert renew(home, "one\n")
    assert home.read("own/options") == "of data\n"
    # Edited, it is the account's, and the type's texts are news.
    home.write("own/options", "mine\n")
    assert not renew(home, "two\n")
    assert home.read("own/options") == "mine\n"


def test_a_broken_record_loses_no_edit(home: Home) -> None:
    renew(home, "one\n")
    home.write("own/options", "mine\n")
    home.write("own/.written", "\0 nonsense\n\n  \n")
    assert not renew(home, "two\n")
    assert home.read("own/options") == "mine\n"


def test_a_link_is_replaced_and_not_followed(home: Home, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("one\n")
    renew(home, "one\n")
    home.remove("own/options")
    home.link("own/options", "../elsewhere")
    assert renew(home, "two\n")
    assert (tmp_path / "elsewhere").read_text() == "one\n"


def test_the_record_is_one_that_sha256sum_reads(home: Home, tmp_path: Path) -> None:
    renew(home, "one\n")
    argv = ["sha256sum", "--check", "--strict", ".written"]
    assert subprocess.run(argv, cwd=tmp_path / "own", capture_output=True).returncode == 0

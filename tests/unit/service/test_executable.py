"""The executable of a service, and whether it may be run for an account."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import executable
from sciportal.service.errors import ServiceError
from sciportal.service.home import Home
from sciportal.service.layout import Layout
from unit.service.running import descriptors, script


@pytest.fixture
def path(tmp_path) -> str:
    return script(tmp_path / "web", "#!/bin/sh\n")


def refused(path: str, uid: int | None = None) -> str:
    with pytest.raises(ServiceError) as raised:
        executable.check(path, os.getuid() if uid is None else uid)
    assert path in str(raised.value)
    assert raised.value.exit_code == 1
    return str(raised.value)


def test_a_file_of_the_account_may_be_run(path):
    executable.check(path, os.getuid())


def test_a_link_is_judged_by_what_it_leads_to(path, tmp_path):
    (tmp_path / "link").symlink_to(path)
    executable.check(str(tmp_path / "link"), os.getuid())


def test_a_file_of_root_may_be_run_for_everybody():
    executable.check("/bin/sh", 4711)


def test_a_file_of_somebody_else_is_not_run(path):
    os.chown(path, 4712, -1) if os.getuid() == 0 else None
    owner = Path(path).stat().st_uid
    assert f"belongs to uid {owner}" in refused(path, 4711)


def test_a_missing_file_is_told(tmp_path):
    assert "it is missing" in refused(str(tmp_path / "gone"))


def test_a_dangling_link_names_what_it_leads_to(tmp_path):
    (tmp_path / "link").symlink_to("/etc/sbatch-service/gone")
    assert "dangling link to /etc/sbatch-service/gone" in refused(str(tmp_path / "link"))


def test_a_loop_of_links_is_told(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    refused(str(tmp_path / "loop"))


@pytest.mark.parametrize("kind", ["directory", "fifo"])
def test_what_is_no_file_is_told(tmp_path, kind):
    path = tmp_path / "web"
    path.mkdir() if kind == "directory" else os.mkfifo(path)
    assert "no regular file" in refused(str(path))


def test_a_file_that_everybody_may_write_is_not_run(path):
    Path(path).chmod(0o777)
    assert f"chmod o-w {path}" in refused(path)


def test_a_file_that_is_not_executable_is_told_how_to_make_it_so(path):
    Path(path).chmod(0o600)
    assert f"chmod u+x {path}" in refused(path)


def test_the_executable_of_an_account_and_the_type_are_found(tmp_path):
    for name in ("home/.sbatch-service", "types"):
        (tmp_path / name).mkdir(parents=True)
    home, types = Home(str(tmp_path / "home")), str(tmp_path / "types")
    nothing = executable.find(home, Layout("web"), types)
    assert (nothing.there, nothing.type_path) == (False, "")
    script(tmp_path / "types/web", "")
    (tmp_path / "home/.sbatch-service/web").symlink_to("gone")
    both = executable.find(home, Layout("web"), types)
    assert both == executable.Executable(
        str(tmp_path / "home/.sbatch-service/web"), True, f"{types}/web"
    )


def test_the_digest_of_a_file_is_that_of_its_bytes(path):
    assert executable.digest(path, "a", "v") == executable.digest_of(b"#!/bin/sh\n", "a", "v")


@pytest.mark.parametrize("kind", ["missing", "directory", "fifo"])
def test_what_cannot_be_read_has_the_digest_of_nothing_and_does_not_hold_us(tmp_path, kind):
    path = tmp_path / "web"
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    before = descriptors()
    assert executable.digest(str(path), None, "v") == executable.digest_of(b"", None, "v")
    assert descriptors() == before


parts = st.tuples(st.binary(), st.one_of(st.none(), st.text()), st.text())


@given(parts, parts)
def test_two_services_have_one_digest_only_if_all_is_the_same(one, other):
    same = [(script, settings or "", version) for script, settings, version in (one, other)]
    assert (executable.digest_of(*one) == executable.digest_of(*other)) == (same[0] == same[1])

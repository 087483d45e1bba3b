"""The job portal's programs under their profiles: they do their work, and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import host
import portal
import pytest
from portal import KEEPER, LISTENER, PAGES, Program

from sciportal.jobs import secret
from sciportal.jobs.notify import tokens

SECRET = Path("/etc/sciportal/portal-secret")
ACCOUNTS = "/etc/sciportal/portal-accounts.toml"
TRAP = Path("/etc/sudoers.d/trap")


@pytest.fixture(scope="module", autouse=True)
def pages() -> None:
    """They are served."""
    host.until(portal.serves)


@pytest.fixture(scope="module")
def readable() -> Iterator[list[tuple[str, str]]]:
    """Files that the portal's account could read, were it not for the profile."""
    directory = Path("/srv/others")
    directory.mkdir(mode=0o755)
    (directory / "notes").write_text("a neighbour's")
    key = directory / "key"
    key.write_text("of another service that runs as the same account")
    key.chmod(0o600)
    shutil.chown(key, portal.ACCOUNT)
    home = Path("/home/alice/notes")
    home.write_text("alice's")
    home.parent.chmod(0o755)
    paths = (directory / "notes", key, home, "/etc/fstab", "/etc/sciportal/service.toml")
    yield [("r", str(path)) for path in paths]
    shutil.rmtree(directory)


@pytest.mark.parametrize("program", portal.PROGRAMS, ids=lambda each: each.profile)
def test_its_processes_are_under_the_profile_since_the_host_was_booted(program: Program) -> None:
    assert portal.profiles(program.unit) == {f"{program.profile} (enforce)"}


def test_a_job_goes_from_the_page_to_slurm_and_back_with_nothing_denied() -> None:
    with host.denials() as denied:
        status, page = portal.ask("GET", "/jobs.html")
        assert (status, b"<html" in page) == (200, True)
        number = portal.submit("echo made >out.txt", **{"in.txt": "x" * 100000})
        # Nobody asks Slurm for an hour, so it has ended because the listener heard of it.
        assert portal.result(number, "out.txt") == "made\n"
        assert portal.ask("GET", f"/jobs/{number}/log.json")[0] == 200
        events = portal.job(number)["events"]
    assert {"started", "finished"} <= {each["cause"] for each in events}, events
    assert not [each for each in denied if each.get("profile", "").startswith("sciportal-")]


def test_the_listener_takes_an_announcement_with_the_jobs_own_token_only() -> None:
    number = portal.submit("exec sleep 3600")
    attempt = portal.job(number)["attempt"]
    heard = "/notify?event=started&token="
    forged = tokens.make(b"guessed" * 8, number, attempt)
    assert portal.ask("GET", f"{heard}{forged}", port=8098)[0] == 403
    token = tokens.make(secret.read(SECRET), number, attempt)
    assert portal.ask("GET", f"{heard}{token}", port=8098) == (200, b"heard\n")
    assert portal.job(number)["status"] == "ACTIVE"
    assert portal.ask("DELETE", f"/jobs/{number}.json")[0] in (200, 204)


@pytest.mark.parametrize("program", portal.PROGRAMS, ids=lambda each: each.profile)
def test_none_reads_files_of_others(program: Program, readable: list[tuple[str, str]]) -> None:
    looks = [*readable, ("w", "/srv/others/written")]
    assert set(portal.hostile("", *readable).values()) == {"done"}
    with host.denials() as denied:
        found = portal.hostile(program.profile, *looks)
    assert found == {path: "EACCES" for _way, path in looks}
    for _way, path in readable:
        assert denied.of(program.profile, operation="open", name=path, denied_mask="r")


@pytest.mark.parametrize("program", portal.PROGRAMS, ids=lambda each: each.profile)
def test_none_reads_the_passwords_even_as_root(program: Program) -> None:
    look = ("r", "/etc/shadow")
    assert portal.hostile("", look, account="") == {"/etc/shadow": "done"}
    with host.denials() as denied:
        assert portal.hostile(program.profile, look, account="") == {"/etc/shadow": "EACCES"}
    assert denied.of(program.profile, operation="open", name="/etc/shadow")


@pytest.mark.parametrize("program", portal.PROGRAMS, ids=lambda each: each.profile)
def test_none_starts_a_shell(program: Program) -> None:
    with host.denials() as denied:
        found = portal.hostile(program.profile, ("execute", "/usr/bin/dash"))
    assert found == {"/usr/bin/dash": "EACCES"}
    assert denied.of(program.profile, operation="exec", name="/usr/bin/dash")


def test_the_listener_reads_neither_inputs_nor_results_nor_accounts() -> None:
    inputs = portal.STATE / "jobs/tried/inputs/model.py"
    host.done(["mkdir", "-p", str(inputs.parent)], portal.ACCOUNT)
    host.done(["cp", "/etc/hostname", str(inputs)], portal.ACCOUNT)
    looks = [("r", str(inputs)), ("r", ACCOUNTS), ("execute", "/usr/bin/sudo")]
    assert set(portal.hostile(PAGES.profile, *looks[:2]).values()) == {"done"}
    assert set(portal.hostile(LISTENER.profile, *looks).values()) == {"EACCES"}
    shutil.rmtree(portal.STATE / "jobs/tried")


def test_only_the_listener_has_a_network() -> None:
    look = ("connect", "anywhere")
    assert portal.hostile(LISTENER.profile, look) == {"anywhere": "done"}
    for program in (PAGES, KEEPER):
        assert portal.hostile(program.profile, look) == {"anywhere": "EACCES"}


@pytest.mark.parametrize("program", [PAGES, KEEPER], ids=lambda each: each.profile)
def test_sudo_starts_roots_helper_and_nothing_else(program: Program) -> None:
    # A rule of the site's that lets the account do anything.
    sudo = ("/usr/bin/sudo", "-n")
    TRAP.write_text(f"{portal.ACCOUNT} ALL=(ALL) NOPASSWD: ALL\n")
    TRAP.chmod(0o440)
    try:
        assert host.done(["sudo", "-n", "/usr/bin/id", "-u"], portal.ACCOUNT) == "0\n"
        with host.denials() as denied:
            trapped = portal.calls(program.profile, *sudo, "/usr/bin/id", "-u")
        helper = portal.calls(program.profile, *sudo, "/opt/sciportal/bin/sciportal-submit")
    finally:
        TRAP.unlink()
    assert (trapped.returncode == 0, trapped.stdout) == (False, "")
    assert denied.of(f"{program.profile}//sudo", operation="exec", name="/usr/bin/id")
    assert "act for a user" in json.loads(helper.stdout)["error"]["wanted"], helper


def test_ssh_has_its_own_profile_and_no_file_of_others() -> None:
    ssh = (KEEPER.profile, "/usr/bin/ssh")
    assert "hostname far" in portal.calls(*ssh, "-G", "far").stdout
    with host.denials() as denied:
        tried = portal.calls(*ssh, "-F", "/etc/fstab", "-G", "far")
    assert tried.returncode == 255
    assert denied.of(f"{KEEPER.profile}//ssh", operation="open", name="/etc/fstab")


def test_the_keeper_asks_slurm() -> None:
    with host.denials() as denied:
        asked = portal.calls(KEEPER.profile, "/usr/bin/squeue", "--noheader")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert not [each for each in denied if each.get("profile", "").startswith("sciportal-")]

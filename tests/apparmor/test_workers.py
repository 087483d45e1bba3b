"""The seeds' workers under their profiles, with their names and paths."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import host
import pytest
from seeds import Seed

from sciportal.apparmor import kernel

LOOK = """
import json, socket, sys
def look(what):
    try:
        what()
    except OSError as error:
        return error.strerror
    return "done"
looks = [look(lambda: open(each).close()) for each in sys.argv[1:]]
print(json.dumps([*looks, look(lambda: socket.socket().close())]))
"""


@pytest.fixture(params=["bumps", "reflectometry"])
def seed(request: pytest.FixtureRequest) -> Seed:
    """Each of them."""
    found: Seed = request.getfixturevalue(request.param)
    return found


def work(seed: Seed, looks: list[tuple[str, str]], command: str = "true") -> Any:
    """What the worker reports."""
    return json.loads(host.done([seed.program, json.dumps(looks), command], seed.account))


def test_what_the_role_wrote_is_enforced_since_the_host_was_booted() -> None:
    assert kernel.is_there()
    names = {"bumpworkd", "bumpworkd//model", "reflworkerd", "reflworkerd//slot2"}
    assert {each for each in names if kernel.loaded().get(each) == "enforce"} == names


def test_a_unit_runs_under_its_profile_since_the_host_was_booted() -> None:
    with host.denials() as denied:
        assert host.run(["systemctl", "start", "sciportal-tried.service"]).returncode == 1
    assert denied.of("sciportal-tried", operation="open", name="/etc/fstab", comm="cat")


def test_a_worker_may_do_its_own_work_and_no_other(seed: Seed) -> None:
    home, name = Path("/home") / seed.account, Path(seed.program).name
    (home / "private").write_text("x")
    (home / "private").chmod(0o644)
    own = [("w", f"{seed.jobs}/noted"), ("r", f"{seed.environment}/pyvenv.cfg")]
    others = [
        *(("r", str(home / "private")), ("w", str(home / "written")), ("r", "/etc/fstab")),
        *(("w", f"{seed.environment}/bin/python4"), ("r", "/opt/checkout/tests/apparmor/run.sh")),
    ]
    with host.denials() as denied:
        report = work(seed, own + others)
    assert report["looks"] == {path: "done" for _, path in own} | {
        path: "EACCES" for _, path in others
    }
    for mode, path in others:
        lacks = {"requested_mask": mode, "denied_mask": mode} if mode == "r" else {}
        assert denied.of(name, operation="mknod" if mode == "w" else "open", name=path, **lacks)


def test_what_a_worker_starts_is_under_the_child_profile(bumps: Seed) -> None:
    directory = bumps.place.directory("started")
    (directory / "look.py").write_text(LOOK)
    # The rules for the directory are for what belongs to the account.
    os.chown(directory / "look.py", bumps.place.account, -1)
    settings = f"{bumps.environment}/pyvenv.cfg"
    python = f"{bumps.environment}/bin/python"
    command = f"cd {directory} && {python} look.py {settings} /etc/fstab {bumps.program}"
    with host.denials() as denied:
        report = work(bumps, [], f"{command}; /usr/bin/id")
    no = "Permission denied"
    # The last one is a socket, which the worker itself may have.
    assert json.loads(report["out"]) == ["done", no, "done", no]
    assert "id: Permission denied" in report["err"]
    assert denied.of("bumpworkd//model", operation="open", name="/etc/fstab")
    assert denied.of("bumpworkd//model", operation="exec", name="/usr/bin/id")


def test_a_worker_has_a_network_where_the_data_says_so(bumps: Seed, reflectometry: Seed) -> None:
    looks = [("socket", "any")]
    assert work(bumps, looks)["looks"] == {"any": "done"}
    assert work(reflectometry, looks)["looks"] == {"any": "EACCES"}

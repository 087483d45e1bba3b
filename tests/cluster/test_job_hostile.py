"""A hostile job of the portal beside another one, on both layers of confinement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.jobs import Client
from cluster.testbed import CTL, Cluster, wait_for
from confined import judge

pytestmark = pytest.mark.jobs

HERE = Path(judge.__file__).parent
# Confined itself, it has no sockets that could be reached, as that of tests/confined has.
SIBLING = """\
import json, os, pathlib, time
for each in ("secret", "appended", "emptied", "removed", "renamed", "moded", "timed", "linked"):
    pathlib.Path(each).write_text("what is nobody else's")
reach = dict.fromkeys(("port", "datagrams", "memory", "key"), 1)
reach |= {"pid": os.getpid(), "address": id(json), "abstract": "none"}
pathlib.Path("ready.new").write_text(json.dumps(reach))
os.rename("ready.new", "ready")
time.sleep(600)
"""


@pytest.fixture
def sibling(alice: Client, cluster: Cluster) -> Iterator[dict[str, Any]]:
    """A job of hers that runs, and how it could be reached."""
    number = alice.shell("exec python3 sibling.py", files={"sibling.py": SIBLING})
    alice.wait(number, "ACTIVE")
    directory = f"/home/alice/sciportal-jobs/{number}.1/work"
    ready = ["cat", f"{directory}/ready"]
    found = wait_for(lambda: cluster.run(CTL, ready, user="alice", check=False).out, 60)
    yield {**json.loads(found), "directory": directory, "job": number}
    alice.ask("POST", f"/jobs/{number}/cancel", {})
    alice.wait(number, "CANCEL")


def test_a_hostile_job_gets_nothing_of_its_sibling(alice: Client, sibling: dict[str, Any]) -> None:
    text = (HERE / "attacker.py").read_text()
    reach = json.dumps(sibling)
    files = {"attacker.py": text, "reach.json": reach}
    number = alice.shell('python3 attacker.py "$(cat reach.json)" >report.json', files=files)
    job = alice.wait(number)
    assert job["status"] == "COMPLETE", job
    report = json.loads(alice.file(number, "report.json"))
    done = judge.done(report["tried"])
    assert not done & {"read", "list", "append", "empty", "remove", "rename", "hard link"}
    assert not done & {"symbolic link", "climb", "its environment", "its root in /proc", "mount"}
    assert report["own"]["no_new_privileges"]


def test_a_name_that_leaves_the_directory_is_refused(alice: Client) -> None:
    for name in ("../x", "/etc/passwd", "a/../../x", ".script", "a\0b", "x" * 300):
        fields = {"parameters": {"commands": "true"}, "files": {name: "x"}}
        answer = alice.ask("POST", "/jobs.json", {"application": "shell", **fields})
        assert answer.status in (400, 422), (name, answer)
    number = alice.shell("ln -s /etc/passwd stolen.txt; echo mine >mine.txt")
    alice.wait(number)
    assert alice.file(number, "mine.txt") == "mine\n"
    assert alice.ask("GET", f"/jobs/{number}/data/stolen.txt").status == 404
    for path in ("../inputs/order.json", "..%2f..%2fetc%2fpasswd", "%2e%2e/portal.sqlite"):
        # Apache takes the first for a path of workers, whose token this is not.
        assert alice.ask("GET", f"/jobs/{number}/data/{path}").status in (400, 401, 404)


def test_results_that_are_pages_are_closed_in(alice: Client) -> None:
    number = alice.shell("echo '<script>alert(1)</script>' >page.html")
    alice.wait(number)
    answer = alice.ask("GET", f"/jobs/{number}/data/page.html")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"

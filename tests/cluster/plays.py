"""Ansible on the running test cluster, as operators and account owners use it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cluster.testbed import CTL, ROOT

INVENTORY = os.environ.get("SCIPORTAL_INVENTORY", str(ROOT / "molecule/inventory/hosts.yml"))
PLAYBOOKS = ROOT / "playbooks"
ACCOUNT, GRANT, REVOKE = (PLAYBOOKS / f"{name}.yml" for name in ("account", "grant", "revoke"))

Task = Mapping[str, Any]


class Played:
    """How a run of ansible-playbook ended."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text

    @property
    def changed(self) -> int:
        """How many tasks changed something, on all hosts together."""
        return sum(int(each) for each in re.findall(r"changed=(\d+)", self.text))

    def ok(self) -> Played:
        """Itself, where nothing failed."""
        assert self.code == 0, self.text[-6000:]
        return self


def play(playbook: Path, variables: Mapping[str, Any], *words: str, user: str = "root") -> Played:
    """Run a playbook with `variables`, connected as `user`."""
    argv = ["ansible-playbook", "-i", INVENTORY, "-u", user, "-e", json.dumps(variables), *words]
    environment = {
        **os.environ,
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
    }
    done = subprocess.run(
        [*argv, str(playbook)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Played(done.returncode, done.stdout + done.stderr)


def run_tasks(tasks: Sequence[Task], directory: Path, user: str = "root") -> dict[str, Any]:
    """Run tasks on the login host in one play and return what they registered, by name.

    Args:
        tasks: as in a playbook.
        directory: for the playbook and the answers, on this machine.
        user: whom Ansible is connected as.
    """
    answers = directory / "answers.json"
    names = [task["register"] for task in tasks if "register" in task]
    keep = {
        "name": "Keep the answers",
        "ansible.builtin.copy": {
            "content": "{{ dict(names | zip(names | map('extract', vars))) | to_json }}",
            "dest": str(answers),
            "mode": "0600",
        },
        "delegate_to": "localhost",
        "vars": {"names": names},
        # The answers are new in each run, and check mode must not leave those of the last.
        "check_mode": False,
    }
    playbook = directory / "play.yml"
    playbook.write_text(
        json.dumps([{"hosts": CTL, "gather_facts": False, "tasks": [*tasks, keep]}])
    )
    play(playbook, {}, user=user).ok()
    found: dict[str, Any] = json.loads(answers.read_text())
    return found

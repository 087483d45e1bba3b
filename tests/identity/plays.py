"""Runs of the role on the web host of the scenario."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from identity.site import ROOT

PLAY = """\
- hosts: sciportal_web
  roles:
    - role: sciportal.hosting.identity
"""


def role(variables: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run the role identity with other values of variables than the scenario's."""
    play = ROOT / ".cache" / "identity" / "play.yml"
    play.write_text(PLAY)
    argv = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        *("-i", "molecule/identity/inventory/hosts.yml"),
        *("-e", json.dumps(variables)),
        str(play),
    ]
    env = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(
        argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=600
    )

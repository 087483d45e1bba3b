"""The same work by JupyterHub's batchspawner."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from typing import Any

from bench.figures import Figure, compared
from bench.place import FOLDER, SERVER, USER, Place
from cluster.testbed import CTL, PODMAN

VERSIONS = ("jupyterhub==5.4.3", "batchspawner==1.3.0")
ROUNDS = 5
_NAME = "benchhttp"
# Below those of services, where nobody but an owner is let in.
_PORT = 7999
_WORKS = {
    "start": "`start --wait` of a web server until it listens",
    "status": "`status` of it",
    "stop": "`stop` of it until no job is left",
}


def measure(place: Place) -> list[Figure]:
    """Start, status and stop."""
    _install(place)
    place.services([_NAME], SERVER, "")
    argv = [f"{FOLDER}/hub/bin/python", f"{FOLDER}/hub.py", str(ROUNDS), str(_PORT), _NAME]
    try:
        times: dict[str, dict[str, Any]] = json.loads(place.account(*argv))
    finally:
        place.account("sh", "-c", "rm -f jupyterhub_slurmspawner_*.log")
    return [
        compared(
            words,
            "batchspawner",
            {
                "ours": [(each, 0) for each in times["ours"][work]],
                "theirs": [(each, 0) for each in times["batchspawner"][work]],
            },
        )
        for work, words in _WORKS.items()
    ]


def _install(place: Place) -> None:
    """Install it on the login host, which need not reach PyPI itself."""
    there = [f"{FOLDER}/hub/bin/python", "-c", "import batchspawner"]
    if not place.cluster.run(CTL, there, check=False).code:
        return
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check"]
        # For the login host's Python, not for this one.
        made_for = place.root("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
        kind = ["--only-binary=:all:", "--python-version", made_for.strip()]
        subprocess.run([*pip, *kind, "--dest", folder, *VERSIONS], check=True)
        subprocess.run([PODMAN, "cp", f"{folder}/.", f"{CTL}:{FOLDER}/wheels"], check=True)
    place.root("python3", "-m", "venv", f"{FOLDER}/hub")
    found = ["--no-index", "--find-links", f"{FOLDER}/wheels"]
    install = [f"{FOLDER}/hub/bin/pip", "install", "-qq", "--disable-pip-version-check"]
    place.root(*install, *found, *VERSIONS)
    place.root("chown", "-R", f"root:{USER}", FOLDER)

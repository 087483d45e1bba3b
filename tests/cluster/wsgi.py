"""Applications on the web host: data of the role uwsgi_app, and what is asked of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cluster.plays import PLAYBOOKS, Played, play
from cluster.testbed import WEB, Cluster, Ended, Page

ACCOUNT, OTHER = "poms", "eve"
STATE = "/var/lib/sciportal-apps"

# Tells who answers and what it got; leaks and sleeps when it is asked to.
APPLICATION = '''\
"""A leaking application."""
import json
import os
import time
import urllib.parse

VERSION = "@VERSION@"
hoard = []


def application(environ, start_response):
    asked = dict(urllib.parse.parse_qsl(environ["QUERY_STRING"]))
    hoard.append(bytearray(int(asked.get("leak", 0)) << 20))
    time.sleep(float(asked.get("sleep", 0)))
    told = {key: value for key, value in environ.items() if isinstance(value, str)}
    told.update(version=VERSION, pid=os.getpid(), uid=os.getuid())
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]
'''


def application(name: str, version: str = "1", **more: Any) -> dict[str, Any]:
    """An entry of uwsgi_app_applications."""
    text = APPLICATION.replace("@VERSION@", version)
    return {
        "name": name,
        "account": ACCOUNT,
        "server_name": f"{name}.test",
        "location": "app.py",
        "release": version,
        "files": [{"path": "app.py", "content": text}],
        **more,
    }


def deploy(*applications: Mapping[str, Any], words: tuple[str, ...] = (), **more: Any) -> Played:
    """Run the playbook as operators do."""
    variables = {"uwsgi_app_applications": list(applications), **more}
    return play(PLAYBOOKS / "applications.yml", variables, *words)


def get(cluster: Cluster, name: str, path: str = "/", timeout: float = 30) -> Page:
    """A page of an application."""
    return cluster.get(path, {"Host": f"{name}.test"}, timeout=timeout)


def told(cluster: Cluster, name: str, path: str = "/") -> dict[str, Any]:
    """What an application says that it got, and who it is."""
    page = get(cluster, name, path)
    assert page.status == 200, page
    found: dict[str, Any] = json.loads(page.text)
    return found


def as_account(cluster: Cluster, *argv: str, user: str = ACCOUNT, check: bool = True) -> Ended:
    """Run something as an account of the web host."""
    return cluster.run(WEB, argv, user=user, check=check)


def make_account(cluster: Cluster, name: str) -> None:
    """Make an account that only the web host knows."""
    cluster.run(WEB, ["useradd", "--create-home", "--shell", "/bin/bash", name])
    cluster.run(WEB, ["chmod", "700", f"/home/{name}"])


def remove_account(cluster: Cluster, name: str) -> None:
    """Remove it, with all that it runs."""
    cluster.run(WEB, ["pkill", "-KILL", "-u", name], check=False)
    cluster.run(WEB, ["userdel", "--remove", "--force", name], check=False)


def write_playbook(directory: Path, tasks: list[dict[str, Any]]) -> Path:
    """A playbook of tasks on the web host."""
    path = directory / "play.yml"
    path.write_text(json.dumps([{"hosts": WEB, "become": True, "tasks": tasks}]))
    return path

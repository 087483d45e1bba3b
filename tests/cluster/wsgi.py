"""Applications on the web host: data of the role uwsgi_app, and what is asked of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cluster.plays import PLAYBOOKS, Played, play
from cluster.testbed import WEB, Cluster, Ended, Page, wait_for

ACCOUNT, OTHER = "poms", "eve"
STATE = "/var/lib/sciportal-apps"
# By who runs them: a unit of the host, supervisord, Apache.
NAMES = UNIT, PROGRAM, MODULE = ("unit-app", "program-app", "module-app")
CONTROL = ["supervisorctl", "--configuration", f"/home/{ACCOUNT}/supervisord.conf"]

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


def applications(version: str) -> list[dict[str, Any]]:
    """One of each."""
    return [
        application(UNIT, version, env={"GREETING": "hello world"}),
        application(PROGRAM, version, path="/queue", supervisord=True, reload_apache=True),
        application(MODULE, version, path="/queue", server="mod_wsgi"),
    ]


def programs(tick: str) -> list[dict[str, Any]]:
    """Two programs, of which one is `tick`."""
    sleep = {"account": ACCOUNT, "command": ["/bin/sleep", "100000"], "startsecs": 0}
    return [
        {**sleep, "name": "tock", "priority": 10},
        {**sleep, "name": "tick", "priority": 20, "command": ["/bin/sleep", tick]},
    ]


def bring(version: str, tick: str) -> Played:
    """Run the playbook. supervisord is started by the role itself, as on a host without systemd."""
    return deploy(
        *applications(version), supervisord_programs=programs(tick), supervisord_systemd=False
    )


@contextmanager
def served(cluster: Cluster) -> Iterator[None]:
    """All of them in their first version, and another account."""
    make_account(cluster, ACCOUNT)
    make_account(cluster, OTHER)
    bring("1", "100001").ok()
    yield
    deploy(*({**each, "state": "absent"} for each in applications("1"))).ok()
    assert "Web services" in cluster.get("/", {"Host": f"{UNIT}.test"}).text
    left = ["sh", "-c", f"ls /etc/apache2/sciportal/apps/*-app.conf /etc/sudoers.d/*{ACCOUNT}"]
    assert cluster.run(WEB, left, check=False).out == ""
    gone = ["sh", "-c", f'test -z "$(pgrep -u {ACCOUNT} uwsgi)"']
    wait_for(lambda: cluster.run(WEB, gone, check=False).code == 0, 90)
    unit = f"sciportal-supervisord-{ACCOUNT}.service"
    cluster.run(WEB, ["systemctl", "disable", "--now", unit], check=False)
    cluster.run(WEB, ["rm", "-f", f"/etc/systemd/system/{unit}"])
    remove_account(cluster, ACCOUNT)
    remove_account(cluster, OTHER)


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

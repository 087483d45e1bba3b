"""The job portal of the machine: its programs, and somebody who asks it."""

from __future__ import annotations

import http.client
import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import host

NAME = "portal.test"
ACCOUNT = "portal"
STATE = Path("/var/lib/sciportal-portal")
# Does what the words say, each a way and a path, as a program of the portal's might that somebody
# else has the better of; prints, as JSON, "done" or the error for each path.
HOSTILE = """
import errno, json, os, socket, sys
def look(way, path):
    try:
        if way == "connect":
            socket.socket().close()
        elif way == "execute":
            if not (child := os.fork()):
                try:
                    os.execv(path, [path])
                except OSError as error:
                    os._exit(error.errno)
            if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
                raise OSError(code, "")
        else:
            with open(path, way) as file:
                file.read(1) if way == "r" else None
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
words = sys.argv[1:]
print(json.dumps({path: look(way, path) for way, path in zip(words[::2], words[1::2])}))
"""


class Program(NamedTuple):
    """One of the portal's."""

    profile: str
    unit: str


PAGES = Program("sciportal-portal", "sciportal-app-portal.service")
KEEPER = Program("sciportal-keeper", "sciportal-keeper.service")
LISTENER = Program("sciportal-listener", "sciportal-listener.service")
PROGRAMS = (PAGES, KEEPER, LISTENER)


def ask(method: str, path: str, body: Any = None, port: int = 80) -> tuple[int, bytes]:
    """Status and text of an answer; a body is sent as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=host.PATIENCE)
    headers = {"Host": NAME, "Content-Type": "application/json", "Accept": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def asked(method: str, path: str, body: Any = None) -> Any:
    """What the portal says, if that is good."""
    status, text = ask(method, path, body)
    assert status in (200, 201), text
    return json.loads(text)


def serves() -> bool:
    """Whether pages are served: their processes load the portal first."""
    try:
        return ask("GET", "/jobs.json")[0] == 200
    except OSError:
        return False


def job(number: int) -> dict[str, Any]:
    """What is known of a job."""
    found: dict[str, Any] = asked("GET", f"/jobs/{number}.json")["job"]
    return found


def submit(commands: str, **files: str) -> int:
    """Submit commands of the shell; the job's number."""
    parameters = {"commands": commands, "memory_mb": 64}
    wanted = {"application": "shell", "parameters": parameters, "files": files}
    found: int = asked("POST", "/jobs.json", wanted)["id"]
    return found


def result(number: int, name: str) -> str:
    """A file of what a job made, when all of it is there."""
    host.until(lambda: job(number)["collected"])
    found = job(number)
    assert found["status"] == "COMPLETE", (
        found,
        ask("GET", f"/jobs/{number}/log.json?stream=stderr"),
    )
    status, text = ask("GET", f"/jobs/{number}/data/{name}")
    assert status == 200, text
    return text.decode()


def profiles(unit: str) -> set[str]:
    """What the kernel says of the processes of a unit."""
    group = host.done(["systemctl", "show", "--property=ControlGroup", "--value", unit]).strip()
    numbers = Path(f"/sys/fs/cgroup{group}/cgroup.procs").read_text().split()
    assert numbers, host.run(["systemctl", "status", unit])
    return {Path(f"/proc/{each}/attr/current").read_text().strip() for each in numbers}


def hostile(profile: str, *looks: tuple[str, str], account: str = ACCOUNT) -> dict[str, str]:
    """What hostile code meets in a program of that profile; unconfined for an empty one.

    Args:
        profile: of the program.
        looks: each a way and a path.
        account: whose it is; root's where it is empty.
    """
    words = [word for look in looks for word in look]
    under = ["aa-exec", "-p", profile, "--"] if profile else []
    python = ["/usr/bin/python3", "-IS", "-c", HOSTILE]
    found: dict[str, str] = json.loads(host.done([*under, *python, *words], account))
    return found


def calls(profile: str, *words: str) -> subprocess.CompletedProcess[str]:
    """How a program ends that a program of that profile starts."""
    script = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
    python = ["/usr/bin/python3", "-ISc", script]
    return host.run(["aa-exec", "-p", profile, "--", *python, *words], ACCOUNT)

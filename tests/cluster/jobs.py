"""People and programs at the job portal of the test cluster."""

from __future__ import annotations

import json
import re
import urllib.parse
from typing import Any

from cluster.doors import PORTAL, Doors, Person
from cluster.testbed import wait_for
from identity.site import Answer

ENDED = frozenset({"COMPLETE", "ERROR", "CANCEL", "DELETE"})
STATE = "/var/lib/sciportal-portal"
TOKENS = f"{PORTAL}/.sciportal/tokens"


class Client:
    """Somebody at the portal's interface.

    Args:
        doors: where it is.
        headers: that say who.
    """

    def __init__(self, doors: Doors, *headers: str) -> None:
        self.doors = doors
        self.headers = headers

    def ask(self, method: str, path: str, body: Any = None, *headers: str, port: int = 0) -> Answer:
        """The answer to one request; a `body` is sent as JSON, or as it is where it is bytes."""
        data = b"" if body is None else body if isinstance(body, bytes) else _json(body)
        parts = urllib.parse.urlsplit(PORTAL)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
        lines += [*self.headers, *headers]
        if body is not None and not isinstance(body, bytes):
            lines.append("Content-Type: application/json")
        if body is not None or method in ("POST", "PUT"):
            lines.append(f"Content-Length: {len(data)}")
        request = "\r\n".join([*lines, "", ""]).encode("latin-1") + data
        return self.doors.say(request, port or parts.port or 443, None, PORTAL + path)

    def get(self, path: str, status: int = 200) -> Any:
        """A document."""
        answer = self.ask("GET", path)
        assert answer.status == status, answer
        return json.loads(answer.text)

    def submit(self, application: str, **fields: Any) -> int:
        """Submit a job; its number."""
        answer = self.ask("POST", "/jobs.json", {"application": application, **fields})
        assert answer.status == 201, answer
        found: int = json.loads(answer.text)["id"]
        return found

    def shell(self, commands: str, **fields: Any) -> int:
        """Submit commands of the shell; the job's number."""
        return self.submit("shell", parameters={"commands": commands}, **fields)

    def job(self, number: int) -> dict[str, Any]:
        """Everything about a job."""
        found: dict[str, Any] = self.get(f"/jobs/{number}.json")["job"]
        return found

    def wait(self, number: int, *states: str, seconds: float = 90) -> dict[str, Any]:
        """The job when it is in one of these states, or has ended and all it made is there."""

        def found() -> dict[str, Any] | None:
            job = self.job(number)
            if states:
                assert job["status"] in states or job["status"] not in ENDED, job
                return job if job["status"] in states else None
            return job if job["status"] in ENDED and job["collected"] else None

        job: dict[str, Any] = wait_for(found, seconds, 0.5)
        return job

    def file(self, number: int, name: str) -> str:
        """What a file of the results says."""
        answer = self.ask("GET", f"/jobs/{number}/data/{name}")
        assert answer.status == 200, answer
        return answer.text


def program(doors: Doors, user: str) -> Client:
    """A program with a token that somebody made at the door."""
    person = Person(doors, "shibboleth", None)
    person.visitor.sign_in(user, TOKENS)
    answer = person.visitor.ask(TOKENS, form={"label": "jobs", "days": "1"})
    found = re.search(r"sciportal_[0-9a-f]{64}", answer.text)
    assert found, answer
    return Client(doors, f"Authorization: Bearer {found[0]}")


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()

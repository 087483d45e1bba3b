"""The running test cluster, as its people use it."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The source of a service that tells its visitors what arrived.
ECHO = Path(__file__).with_name("echo.py").read_text()
# Another cluster, made from the same definition under another name, can be tested as well.
PREFIX = os.environ.get("SCIPORTAL_PREFIX", "sciportal")
CTL, WEB, NODES = f"{PREFIX}-ctl", f"{PREFIX}-web", (f"{PREFIX}-node1", f"{PREFIX}-node2")
PODMAN, ENTER = (str(ROOT / "tools" / each) for each in ("podman", "enter"))
HOSTS = (CTL, WEB, *NODES)


@dataclass(frozen=True)
class Ended:
    """How a command in the cluster ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Its standard output, decoded."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Page:
    """An answer of the web host."""

    status: int
    text: str
    headers: dict[str, str]


class Cluster:
    """Runs commands on the hosts of the cluster and fetches its pages."""

    url = f"http://localhost:{os.environ.get('SCIPORTAL_PORT', '8080')}"

    def run(
        self,
        host: str,
        argv: Sequence[str],
        user: str | None = None,
        stdin: str | None = None,
        check: bool = True,
        timeout: float = 180,
    ) -> Ended:
        """Run `argv` on `host`, as `user` in their home with a login's environment, or as root."""
        done = subprocess.run(
            [*self.prefix(host, user), *argv],
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
        # As a shell says that a signal ended it.
        code = done.returncode if done.returncode >= 0 else 128 - done.returncode
        ended = Ended(code, done.stdout, done.stderr)
        if check and ended.code:
            pytest.fail(f"{list(argv)} on {host} as {user}: {ended}")
        return ended

    def start(
        self, host: str, argv: Sequence[str], user: str | None = None
    ) -> subprocess.Popen[str]:
        """Start `argv` on `host` without waiting for it."""
        return subprocess.Popen(
            [*self.prefix(host, user), *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @staticmethod
    def prefix(host: str, user: str | None) -> list[str]:
        """The words that run what follows them on `host` as `user`."""
        return [ENTER, host, *(["--user", user] if user else [])]

    def service(
        self, user: str, *words: str, check: bool = True, host: str = CTL, stdin: str | None = None
    ) -> Ended:
        """Run sbatch-service as `user` on the login host."""
        return self.run(host, ["sbatch-service", *words], user=user, check=check, stdin=stdin)

    def write(self, user: str, path: str, text: str, mode: str = "644") -> None:
        """Write a file below the home of `user`, as that user."""
        script = 'mkdir -p "$(dirname "$1")" && rm -f "$1" && cat > "$1" && chmod "$2" "$1"'
        self.run(CTL, ["sh", "-c", script, "sh", path, mode], user=user, stdin=text)

    def lay(self, user: str, directory: str, files: Mapping[str, str]) -> None:
        """Write files below a directory of the home of `user`; a program's first line says #!."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for path, text in files.items():
                entry = tarfile.TarInfo(path)
                entry.size = len(text.encode())
                entry.mode = 0o755 if text.startswith("#!") else 0o644
                archive.addfile(entry, io.BytesIO(text.encode()))
        unpack = 'mkdir -p "$1" && base64 -d | tar -xzm --unlink-first -C "$1"'
        sent = base64.b64encode(packed.getvalue()).decode()
        self.run(CTL, ["sh", "-c", unpack, "sh", directory], user=user, stdin=sent)

    def jobs(self, user: str, service: str, states: str = "") -> list[str]:
        """States of the jobs of a service that Slurm still holds."""
        argv = ["squeue", "-h", "-u", user, "-n", f"{service}-service", "-o", "%T"]
        return self.run(CTL, [*argv, *(["-t", states] if states else [])]).out.split()

    def get(self, path: str, headers: dict[str, str] | None = None, timeout: float = 15) -> Page:
        """Fetch a page through the front end; redirects are not followed."""
        request = urllib.request.Request(self.url + path, headers=headers or {})
        opener = urllib.request.build_opener(_Stay)
        try:
            with opener.open(request, timeout=timeout) as answer:
                return Page(
                    answer.status, answer.read().decode(errors="replace"), dict(answer.headers)
                )
        except urllib.error.HTTPError as error:
            return _page(error.code, error)


def _page(status: int, answer: Any) -> Page:
    return Page(status, answer.read().decode(errors="replace"), dict(answer.headers))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


# Two processors with four processes of tests are no stop watch: how long a thing takes is measured
# by tests/bench, whether it comes at all is tested here.
PATIENCE = 4


def wait_for(what: Callable[[], Any], seconds: float, every: float = 0.2) -> Any:
    """Wait until `what()` is true and return it; who does not answer is asked again.

    Args:
        what: is asked again and again.
        seconds: what it takes at most on a quiet machine; PATIENCE times as many fail the test.
        every: seconds between two questions.
    """
    deadline = time.monotonic() + PATIENCE * seconds
    while True:
        value: Any
        try:
            value = what()
        except (urllib.error.URLError, ConnectionError) as error:
            # Another test's play restarts the front end.
            value = error
        else:
            if value:
                return value
        if time.monotonic() > deadline:
            pytest.fail(f"not within {PATIENCE} times {seconds} s: {what}; last: {value!r}")
        time.sleep(every)


SLEEPER = """\
#!/bin/sh
[ "$1" != main ] || exec sleep 1000
"""

HELLO = """\
#!/bin/sh
[ "$1" = main ] || exit 0
cd "$(mktemp -d)" && echo "hello from $USER" >index.html
exec python3 -m http.server "$PORT"
"""


class Service:
    """A custom service of alice that lives for one test.

    Args:
        cluster: where.
        name: its name.
        user: whose it is.
    """

    def __init__(self, cluster: Cluster, name: str, user: str = "alice") -> None:
        self.cluster = cluster
        self.name = name
        self.user = user
        self.listens = True

    def __call__(self, action: str, *words: str, check: bool = True) -> Ended:
        """Run an action of the command on it."""
        return self.cluster.service(self.user, action, *words, self.name, check=check)

    def script(self, text: str, mode: str = "755") -> None:
        """Write its executable; one that does not use PORT is set not to listen."""
        self.cluster.write(self.user, f".sbatch-service/{self.name}", text, mode)
        self.listens = "PORT" in text
        if not self.listens:
            self.settings("")

    def settings(self, text: str) -> None:
        """Write its SERVICE.toml."""
        if not self.listens and "port" not in text:
            text = 'port = "none"\n' + text
        self.cluster.write(self.user, f".sbatch-service/{self.name}.toml", text)

    def status(self) -> dict[str, Any]:
        """What `status --json` says of it."""
        found: dict[str, Any] = self("status", "--json", check=False).json()["results"][0]
        return found

    def log(self) -> str:
        """What its job wrote."""
        path = f".sbatch-service/log/{self.name}.log"
        return self.cluster.run(CTL, ["cat", path], user=self.user, check=False).out

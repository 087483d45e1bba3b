"""The whole portal on this machine: application, store, keeper, and jobs that are processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from batch.processes import ProcessBackend
from jobs.socket_server import Site
from sciportal.jobs import script
from sciportal.jobs.descriptors.catalogue import Catalogue
from sciportal.jobs.files import JobFiles
from sciportal.jobs.keeper import daemon
from sciportal.jobs.keeper.errands import Errands
from sciportal.jobs.keeper.keeper import Keeper
from sciportal.jobs.order import Order
from sciportal.jobs.queue.backend import Attempt, Collected
from sciportal.jobs.settings import DISPATCH, Settings
from sciportal.jobs.status_file import StatusFiles
from sciportal.jobs.store import engine, migrations
from sciportal.jobs.store.store import Store
from sciportal.jobs.web import app as portal_app
from sciportal.jobs.web.portal import Portal

ROOT = Path(__file__).resolve().parents[2]
_HERE = Path(__file__).parent
_SECRET = b"s" * 32
# What a program of the portal is called with stands before its own words; of it, variables count.
_CONFINE = """cd work
while [ "$1" != -- ]; do
  case "$1 $2" in "--env "*=*) export "$2" ;; esac
  shift
done
shift
exec "$@"
"""


class Measured(ProcessBackend):
    """Jobs as processes, which say what they used."""

    def collect(self, order: Order, into: Path) -> Collected:
        """See `Backend`."""
        found = super().collect(order, into)
        used = self.directory(Attempt.of(order)) / script.USAGE
        for stream in (script.OUT, script.ERR):
            shutil.copy(self.directory(Attempt.of(order)) / stream, into)
        return Collected(json.loads(used.read_text()), found.left_out)


class Front:
    """The front end: it says who somebody is, whatever they say themselves."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self.user = "alice"

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        environ |= {
            "REMOTE_ADDR": "localhost",
            "HTTP_X_FORWARDED_FOR": "192.0.2.1",
            "HTTP_X_SHIB_USERID": self.user,
            "HTTP_X_IDENTITY_SOURCE": "shibboleth",
        }
        return self._app(environ, start)


class Whole:
    """The portal, as a context.

    Args:
        root: an empty directory for all that it has.
        more: settings beside those that all such portals have.

    Attributes:
        seen: a file; before it is there, no job of the application `straight-line` ends.
    """

    def __init__(self, root: Path, **more: Any) -> None:
        state, applications = root / "state", root / "applications"
        state.mkdir()
        applications.mkdir()
        text = (_HERE / "straight-line.yml").read_text().replace("@PYTHON@", sys.executable)
        self.seen = root / "seen"
        text = text.replace("@SEEN@", str(self.seen))
        (applications / "straight-line.yml").write_text(text)
        shutil.copy(ROOT / "src/sciportal/jobs/shipped/shell.yml", applications)
        given: dict[str, Any] = {
            "database": f"sqlite:///{state}/portal.sqlite",
            "state_dir": state,
            "descriptors": (applications,),
            "operators": ("carol",),
            "default_backend": DISPATCH,
            "reconcile_seconds": 0.2,
            "services": False,
            **more,
        }
        settings = Settings(**given)
        database = engine.connect(settings.database)
        migrations.migrate(database)
        self.store = Store(database)
        self.backend = Measured(root / "running", _programs(root / "programs"))
        (root / "running").mkdir()
        self._state = state
        catalogue = Catalogue(settings.descriptors)
        files = JobFiles(state, settings.limits)
        portal = Portal(settings, self.store, files, catalogue, _SECRET, {DISPATCH: self.backend})
        self.app = portal_app.make(portal)
        self.front = Front(self.app)
        self.applications = applications
        self._settings = settings
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep)
        self._site = Site(self.front)  # type: ignore[arg-type]  # WSGI, as an application of Flask
        self.url = f"http://127.0.0.1:{self._site.port}"

    def __enter__(self) -> Self:
        self._keeper.start()
        self._site.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._site.__exit__(*error)
        self._ended.set()
        self._keeper.join()
        for job in self.store.active(DISPATCH):
            for pid in self.backend.processes(Attempt.of(job.order)):
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
        self.store.engine.dispose()

    def _keep(self) -> None:
        said: list[str] = []
        files = JobFiles(self._state, self._settings.limits)
        parts = (self._settings, _SECRET, files, StatusFiles(self._state))
        errands = Errands(self.store, self.backend, DISPATCH, *parts, log=said.append)
        keeper = Keeper(errands, self._settings, log=said.append)
        daemon.run(self._settings, self.store, files, [keeper], said.append, self._ended)


def _programs(directory: Path) -> script.Programs:
    """What a script calls: its use is measured for real; it is not confined here."""
    directory.mkdir()
    ours = f'PYTHONPATH={ROOT}/src exec {sys.executable} -m sciportal.jobs.{{}} "$@"'
    texts = {"usage": ours.format("usage"), "map": ours.format("mapper.cli")}
    for name, text in {**texts, "confine": _CONFINE, "notify": "exit 0"}.items():
        path = directory / f"sciportal-{name}"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    return script.Programs.in_directory(str(directory))

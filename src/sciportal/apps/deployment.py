"""Bringing a release into service, and running it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from sciportal.apps import instance, loaded, renewal
from sciportal.apps.loaded import Loaded
from sciportal.apps.place import RELEASE, Place
from sciportal.apps.renewal import Order
from sciportal.service import processes
from sciportal.service.errors import ServiceError, UsageError

UWSGI = "/usr/bin/uwsgi"
# The configuration names the release by this variable, so that a trial can give it another one.
SOURCE = "SCIPORTAL_SOURCE"
# What each process of an instance imports, and the variable that it waits for.
GRACEFUL = Path(__file__).with_name("graceful.py")
STATS = "SCIPORTAL_STATS"
# With glibc's own choice of arenas the address space of a few threads is no measure of a leak.
ARENAS = {"MALLOC_ARENA_MAX": "2"}

_TRIAL_SECONDS = 120
_SHOWN_LINES = 6


class Deed(Enum):
    """What is to be done, as it is told."""

    NOTHING = "unchanged"
    LINK = "linked"
    CHAIN = "reloaded one process after another"
    FULL = "reloaded"


_ORDERS = {Deed.CHAIN: Order.CHAIN, Deed.FULL: Order.FULL}


def decide(wanted: Loaded, has: Loaded | None, *, runs: bool, linked: bool) -> Deed:
    """What brings a release into service.

    Args:
        wanted: what is there.
        has: what the running instance has loaded; None where that is not known.
        runs: whether there is one.
        linked: whether the release is the current one.
    """
    if not runs:
        return Deed.NOTHING if linked else Deed.LINK
    if has is None or has.ini != wanted.ini:
        return Deed.FULL
    return Deed.NOTHING if linked and has.source == wanted.source else Deed.CHAIN


def deploy(place: Place, release: str, patience: float) -> Deed:
    """Serve a release. What runs goes on until the new one has been loaded on trial.

    Args:
        place: of the application.
        release: name of a directory among its releases.
        patience: longest wait for old processes, in seconds.

    Raises:
        ServiceError: there is no such release, it cannot be loaded, or old processes stay.
        OSError: its files cannot be read, or the link not be made.
    """
    target = directory(place, release)
    running = instance.ask(place)
    wanted = loaded.present(place, target)
    linked = place.current.is_symlink() and place.current.readlink() == Path(release)
    has = loaded.read(place, running.pid) if running else None
    deed = decide(wanted, has, runs=running is not None, linked=linked)
    if deed is Deed.NOTHING:
        return deed
    attempt(place, place.ini, target)
    if not linked:
        _link(place, release)
    if running and deed in _ORDERS:
        renewal.renew(place, _ORDERS[deed], patience)
        loaded.write(place, running.pid, wanted)
    return deed


def reload(place: Place, patience: float) -> None:
    """Have all processes load anew what is there, one after another.

    Raises:
        ServiceError: it does not run, cannot be loaded, or old processes stay.
        OSError: its files cannot be read.
    """
    running = instance.ask(place)
    wanted = loaded.present(place, place.current)
    attempt(place, place.ini, place.current)
    renewal.renew(place, Order.CHAIN, patience)
    has = loaded.read(place, running.pid) if running else None
    if running and has:
        loaded.write(place, running.pid, wanted._replace(ini=has.ini))


def directory(place: Place, release: str) -> Path:
    """The directory of a release.

    Raises:
        UsageError: that is no name of one, or it is not there.
    """
    found = place.releases / release
    if not RELEASE.fullmatch(release) or found.is_symlink() or not found.is_dir():
        raise UsageError(
            f"the release {release!r} of {place.name}",
            f"{found} is no directory",
            "give the name of one that is there",
        )
    return found


def attempt(place: Place, ini: Path, source: Path) -> None:
    """Load an application once, beside what runs, which is not touched.

    Args:
        place: of the application.
        ini: the configuration.
        source: the directory of the release.

    Raises:
        ServiceError: it cannot be loaded; with uwsgi's own last lines.
    """
    with tempfile.TemporaryDirectory(prefix="sciportal-app-") as where:
        argv = [UWSGI, "--ini", str(ini), "--socket", f"{where}/socket", "--chdir", str(place.home)]
        result = processes.run(
            [*argv, "--hook-post-app", "exit:0"],
            env=environment(os.environ, source),
            timeout=_TRIAL_SECONDS,
        )
    if not result.ok:
        said = "\n  ".join((result.err or result.out).splitlines()[-_SHOWN_LINES:])
        raise ServiceError(
            f"a trial of the application {place.name}",
            f"uwsgi cannot load it:\n  {said}\n",
            "mend that; what runs now goes on running",
        )


def run(place: Place, log: Path | None, log_size: int) -> None:
    """Become the instance. Does not return.

    Args:
        place: of the application.
        log: where it writes; to its own output without it.
        log_size: bytes after which that file is kept aside as `NAME.1`.

    Raises:
        OSError: something of it is not there.
    """
    place.control.mkdir(mode=0o700, exist_ok=True)
    place.control.chmod(0o700)
    loaded.write(place, os.getpid(), loaded.present(place, place.current))
    os.chdir(place.home)
    argv = command(place, log, log_size)
    env = {**environment(os.environ, place.current), STATS: str(place.stats)}
    os.execve(argv[0], argv, env)  # noqa: S606  (no shell is wanted)


def command(place: Place, log: Path | None, log_size: int) -> list[str]:
    """uwsgi's command line: what an instance has that a trial must not have."""
    argv = [UWSGI, "--ini", str(place.ini), "--lazy-apps", "--import", str(GRACEFUL)]
    argv += ["--socket", str(place.socket)]
    argv += ["--chmod-socket=660", "--stats", str(place.stats), "--master-fifo", str(place.fifo)]
    if log is not None:
        argv += ["--logto2", str(log), "--log-maxsize", str(log_size)]
        argv += ["--log-backupname", f"{log}.1"]
    return argv


def environment(environ: Mapping[str, str], source: Path) -> dict[str, str]:
    """The environment of an instance. uwsgi would take each UWSGI_* for an option."""
    kept = {name: value for name, value in environ.items() if not name.startswith("UWSGI_")}
    return {**ARENAS, **kept, SOURCE: str(source)}


def _link(place: Place, release: str) -> None:
    new = place.releases / ".current.new"
    new.unlink(missing_ok=True)
    new.symlink_to(release)
    new.replace(place.current)

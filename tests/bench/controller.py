"""The job portal as the roles deploy it, on a Slurm of the tests' own: uwsgi, keeper, listener.

Its front end is not there: requests come to uwsgi's socket in uwsgi's protocol, as Apache sends
them, with the headers of somebody who is signed in.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from batch.own_slurm import OwnSlurm, wait_for
from batch.ports import free_ports
from bench.wire import Target
from jobs import uwsgi
from jobs.samples import GREETING
from sciportal.apps import deployment
from sciportal.jobs import settings
from sciportal.jobs.store import engine, migrations
from sciportal.jobs.store.store import Store

USER = "alice"
SECRET = b"s" * 64
_HEADERS = {"X-Shib-Userid": USER, "X-Identity-Source": "token"}
# Nothing here may be refused because of how much of it there is.
_SETTINGS = """
database = "sqlite:///{place}/portal.sqlite"
state_dir = "{place}"
secret_file = "{place}/secret"
descriptors = ["{place}/applications"]
accounts = "{accounts}"
helper = ["{helper}"]
listener_url = "http://127.0.0.1:{port}/notify"
listener_port = {port}
backends = ["127.0.0.0/8"]
[limits]
jobs_a_user = 10000000
"""


class Controller(NamedTuple):
    """A portal that runs."""

    place: Path
    """Its state directory."""
    store: Store
    target: Target
    listener: int
    """The port at which jobs announce themselves."""

    @contextmanager
    def daemon(self, verb: str) -> Iterator[None]:
        """One of its daemons, `keeper` or `listen`, for a while."""
        cluster = self.target.cluster
        python = ["/usr/bin/python3", "-c", _jobs(cluster), verb]
        with running(cluster, python, _environment(self.place), self.place / f"{verb}.log"):
            yield


@contextmanager
def served(cluster: OwnSlurm) -> Iterator[Controller]:
    """A portal whose pages are served; its daemons are not started."""
    place = cluster.root / "portal"
    port = free_ports(1)[0]
    file = _prepare(cluster, place, port)
    given = settings.read(file)
    database = engine.connect(given.database)
    migrations.migrate(database)
    socket = place / "socket"
    call = uwsgi.prepared(place, cluster.library, file)
    argv = [*call.argv, "--socket", str(socket), "--chmod-socket=666"]
    with running(cluster, argv, call.environment, place / "uwsgi.log"):
        wait_for(socket.exists)
        try:
            target = Target(cluster, "", str(socket), uwsgi=True, headers=_HEADERS)
            yield Controller(place, Store(database), target, port)
        finally:
            database.dispose()


@contextmanager
def running(
    cluster: OwnSlurm, argv: list[str], environment: Mapping[str, str], log: Path, user: str = ""
) -> Iterator[None]:
    """A program inside the cluster's namespaces, for a while.

    Args:
        cluster: where.
        argv: the program.
        environment: beside the usual one.
        log: takes what it says.
        user: whose process it is; root's where there is none.
    """
    with_it = ["env", *(f"{name}={value}" for name, value in environment.items()), *argv]
    with log.open("wb") as said:
        process = subprocess.Popen(
            cluster.words(with_it, user),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError(f"{argv[0]} ended: {log.read_text()[-2000:]}")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _environment(place: Path) -> dict[str, str]:
    return {settings.VARIABLE: str(place / "portal.toml"), **deployment.ARENAS}


def _jobs(cluster: OwnSlurm) -> str:
    paths = [str(cluster.library), uwsgi.PACKAGES]
    return (
        f"import sys; sys.path[:0] = {paths}; from sciportal.jobs import cli; sys.exit(cli.main())"
    )


def _prepare(cluster: OwnSlurm, place: Path, port: int) -> Path:
    (place / "applications").mkdir(parents=True)
    shutil.copy(GREETING, place / "applications")
    (place / "secret").write_bytes(SECRET)
    (place / "secret").chmod(0o600)
    home = cluster.home(USER)
    cluster.set_accounts(f'[[account]]\nuser = "{USER}"\naccount = "{USER}"\nhome = "{home}"\n')
    file = place / "portal.toml"
    helper = cluster.prefix / "bin" / "sciportal-submit"
    file.write_text(
        _SETTINGS.format(place=place, accounts=cluster.accounts, helper=helper, port=port)
    )
    return file

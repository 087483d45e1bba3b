"""A whole site: portal, database, a Slurm behind a wire, clusters that fetch, all as processes."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from batch import network as networks
from batch import own_slurm, ports
from batch.own_slurm import OwnSlurm
from batch.people import person
from batch.slurm_conf import NODES
from dispatch import certificate, configured
from dispatch.wire import Wire
from faults.portal import clock, nodes
from faults.portal.client import Wish
from faults.portal.daemons import Daemons, Program
from faults.portal.runs import Runs
from jobs import postgresql, uwsgi
from jobs.judged import is_lost, judge
from jobs.postgresql import Server
from sciportal.jobs.settings import DISPATCH, SLURM
from sciportal.jobs.states import OPEN
from sciportal.jobs.store import engine, migrations
from sciportal.jobs.store.job import Listing
from sciportal.jobs.store.store import Store

HERE = Path(__file__).resolve().parent
NOTIFIER = HERE.parents[1] / "golden" / "jobs" / "notifier"
SQLITE, POSTGRESQL = "sqlite", "postgresql"
PORTAL = ("controller", "keeper", "listener")
WORKERS = ("remote", "local")
"""One with the Slurm of its cluster, one whose jobs are processes."""
LEASE_SECONDS = RECONCILE_SECONDS = 5
_ACCOUNTS = {"remote": "shared", "local": "bob"}
_USER = "alice"
_LIMITS = {"anonymous_jobs": 100_000, "results_bytes": 10_000_000}
_ALL = Listing(limit=100_000)
_PATIENCE = 900
_ATTENDED_SECONDS = 2
# It dies now and then when the job is submitted, before it says so.
_FORGETFUL = """#!/bin/sh
said=$({real} "$@") || exit
[ $(($$ % 20)) != 0 ] || kill -KILL $$
echo "$said"
"""


class Site:
    """See the module.

    Args:
        root: an empty directory that everybody can enter.
        slurm: of the site, which the cluster of one worker is, too.
        server: of the database; None for SQLite.
        environment: of all programs of the portal and of the workers.
        is_lossy: whether wires are between all of them, which can lose answers.
    """

    def __init__(
        self,
        root: Path,
        slurm: OwnSlurm,
        server: Server | None,
        environment: Mapping[str, str],
        is_lossy: bool,
    ) -> None:
        self.root = root
        self.slurm = slurm
        self.network = slurm.network
        self.server = server
        self.port, self.listener_port = ports.free_ports(2)
        database = f"sqlite:///{root}/portal.sqlite"
        if server:
            database = server.url(server.create())
        opened = engine.connect(database)
        migrations.migrate(opened)
        self.store = Store(opened)
        here = self.network.here
        # Whose clock is some days off is to see a certificate that is valid.
        early = {**environment, "FAKETIME": "-10d"} if environment else {}
        early.pop("FAKETIME_TIMESTAMP_FILE", None)
        self.certificate = certificate.made(root, ("DNS:localhost", f"IP:{here}"), early)
        self.needs_operator = False
        """Whether somebody attends to Slurm."""
        self._attended = float("-inf")
        self.wires = (
            [Wire(self.port, here), Wire(self.listener_port, here, is_tls=False)]
            if is_lossy
            else []
        )
        self.runs = Runs(root, slurm.prefix / "bin")
        self._programs()
        preloaded = ["env", *(f"{name}={value}" for name, value in environment.items())]
        toml = self._settings(database, preloaded)
        self.workers = {name: self._worker(name) for name in WORKERS}
        self.daemons = Daemons(root, self._daemons(toml, environment, preloaded))

    def _programs(self) -> None:
        """What the helper, jobs and workers call, beside our own."""
        programs = self.slurm.prefix / "bin"
        shutil.copy(NOTIFIER, programs / "sciportal-notify")
        (programs / "sciportal-notify").chmod(0o755)
        for name in ("sbatch", "squeue", "scancel", "sacct"):
            real, program = str(shutil.which(name)), programs / name
            if self.wires and name == "sbatch":
                program.write_text(_FORGETFUL.format(real=real))
                program.chmod(0o755)
            else:
                program.symlink_to(real)

    def _settings(self, database: str, preloaded: list[str]) -> Path:
        bindir = f'bin = "{self.slurm.prefix}/bin"\n'
        home = self.slurm.home(_USER)
        account = f'[[account]]\nuser = "anonymous"\naccount = "{_USER}"\nhome = "{home}"\n'
        self.slurm.set_accounts(bindir + account)
        port = self.wires[1].port if self.wires else self.listener_port
        # The portal is on this machine, and asks the cluster's Slurm over the wire.
        helper = self.slurm.words([*preloaded, "sciportal-submit"], is_beyond_wire=True)
        path = configured.portal(
            self.root,
            database,
            _LIMITS,
            anonymous=True,
            accounts=str(self.slurm.accounts),
            helper=helper,
            services=False,
            listener_url=f"http://{self.network.here}:{port}/notify",
            listener_address="0.0.0.0",  # noqa: S104  # the cluster is elsewhere
            listener_port=self.listener_port,
            # Wires that lose answers end on this machine.
            backends=[f"{self.network.there}/32", "127.0.0.1/32"],
            lease_seconds=LEASE_SECONDS,
            reconcile_seconds=RECONCILE_SECONDS,
        )
        shutil.copy(HERE / "storm.yml", self.root / "applications")
        return path

    def _worker(self, name: str) -> Path:
        return configured.cluster(
            self.store,
            self.root,
            name,
            person(_ACCOUNTS[name]).uid,
            portal=f"https://{self.network.here}:{self.door[1]}",
            ca_file=str(self.certificate.path),
            layer="none",
            mode="slurm" if name == "remote" else "processes",
            max_jobs=6,
        )

    def _daemons(
        self, toml: Path, environment: Mapping[str, str], preloaded: list[str]
    ) -> dict[str, Program]:
        pages = uwsgi.prepared(self.root, self.slurm.library, toml)
        socket = f"0.0.0.0:{self.port},{self.certificate.path},{self.certificate.key}"
        command = [sys.executable, "-m", "sciportal.jobs.cli", "--settings", str(toml)]
        ours = {"PYTHONPATH": str(self.slurm.library), **environment}
        found = {
            "controller": Program(
                [*pages.argv, "--https-socket", socket], {**pages.environment, **environment}
            ),
            "keeper": Program([*command, "keeper"], ours),
            "listener": Program([*command, "listen"], ours),
        }
        for name, path in self.workers.items():
            run = [*preloaded, "sciportal-worker", "--settings", str(path), "run"]
            found[name] = Program(self.slurm.words(run, _ACCOUNTS[name]), {})
        found.update((node, nodes.program(self.slurm, node)) for node in NODES)
        return found

    @property
    def door(self) -> tuple[str, int]:
        """Where programs find the portal."""
        if self.wires:
            return self.network.here, self.wires[0].port
        return "localhost", self.port

    def start(self) -> None:
        """Have everything run."""
        self.daemons.start(*PORTAL, *WORKERS)
        self.until(lambda: ports.is_open(self.port) and ports.is_open(self.listener_port))

    def make_mortal(self) -> None:
        """Have nodes that can be killed, as daemons of their names."""
        for node in NODES:
            self.slurm.kill(node)
        self.daemons.start(*NODES)
        self.until(lambda: all(nodes.is_up(self.slurm, node) for node in NODES))

    def close(self) -> None:
        """End everything that was started here."""
        self.daemons.stop()
        for wire in self.wires:
            wire.close()
        self.store.engine.dispose()

    def wait(self) -> None:
        """Wait until all jobs have ended, and nothing of them is left where they ran."""
        self.until(self._is_over)
        places = [self.slurm.home(_USER) / "sciportal-jobs"]
        spools = [path.parent / "spool" for path in self.workers.values()]
        places += [each / name for each in spools for name in ("ledger", "sciportal-jobs")]
        self.until(lambda: not any(any(each.glob("[0-9]*")) for each in places))
        self.until(lambda: not self.slurm.check("squeue", "-h"))

    def _is_over(self) -> bool:
        """Whether all jobs have ended, and their results are here."""
        return not OPEN & self.store.count(Listing()).keys() and not self.store.uncollected(SLURM)

    def judge(self, accepted: Mapping[int, Wish]) -> int:
        """What is promised of every job that was accepted; no other is there.

        Returns:
            How many slurmctld, which was killed, took for others or for none: those ran once, and
            ended in error.
        """
        assert not self.daemons.dead(), self.told()
        assert {job.id for job in self.store.jobs(_ALL)} == set(accepted)
        runs = self.runs.of_jobs()
        again, requeued = self.slurm.started_again(), self.slurm.requeued()
        lost = 0
        for number, wish in accepted.items():
            own = runs.get(number, [])
            assert own, (number, self.store.events(number))
            # A node that is only slow may be taken for dead.
            dead = own[0].number in requeued
            died = [dead or self.runs.died_between(*pair) for pair in pairwise(own)]
            assert all(died), (number, own)
            if own[-1].number in again and is_lost(self.store, number):
                lost += 1
                continue
            text, times = wish.text, len(own)
            judge(self.store, self.root / "state", number, text, wish.code, times)
        return lost

    def attend(self) -> None:
        """Do now and then what operators do, where Slurm needs them."""
        if self.needs_operator and time.monotonic() - self._attended > _ATTENDED_SECONDS:
            nodes.attend(self.slurm)
            self._attended = time.monotonic()

    def told_attempts(self) -> str:
        """How many jobs ran more than once, and came to another attempt."""
        again = sum(len(own) > 1 for own in self.runs.of_jobs().values())
        later = sum(job.attempt > 1 for job in self.store.jobs(_ALL))
        return f"{again} ran again, {later} in a later attempt"

    def until(self, condition: Callable[[], Any]) -> None:
        """Wait for something."""
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.told()
            self.attend()
            time.sleep(0.2)

    def told(self) -> str:
        """The last lines of all logs, and the jobs that have not ended."""
        logs = [f"{each}: {each.read_text()[-1500:]}" for each in self.root.glob("**/*.log")]
        active = [*self.store.active(SLURM), *self.store.active(DISPATCH)]
        jobs = [f"{each.id}: {each.state} {each.attempt} {each.worker}" for each in active]
        return "\n".join([*logs, *jobs, *self.slurm.text("squeue").splitlines()])


@contextmanager
def made(database: str, *, is_lossy: bool, is_faked: bool) -> Iterator[Site]:
    """A site that runs.

    Args:
        database: SQLITE or POSTGRESQL.
        is_lossy: see `Site`.
        is_faked: whether its programs go by the clock in the file `clock`.
    """
    with ExitStack() as stack:
        server = stack.enter_context(postgresql.server()) if database == POSTGRESQL else None
        network = stack.enter_context(networks.made())
        slurm = stack.enter_context(own_slurm.made(network))
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storm-", dir="/tmp")))
        root.chmod(0o755)
        environment: dict[str, str] = {}
        if is_faked:
            environment = stack.enter_context(clock.set_by_file(root, slurm.library))
        site = Site(root, slurm, server, environment, is_lossy)
        try:
            site.start()
            yield site
        finally:
            site.close()

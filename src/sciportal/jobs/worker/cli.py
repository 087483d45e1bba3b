"""The command `sciportal-worker`."""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from sciportal import outcome
from sciportal.jobs import script
from sciportal.jobs.accounts.batch_system import BatchSystem
from sciportal.jobs.accounts.place import JOBS
from sciportal.jobs.exchange import Beat
from sciportal.jobs.order import Order
from sciportal.jobs.worker import ledger
from sciportal.jobs.worker import settings as configuration
from sciportal.jobs.worker.connection import Connection
from sciportal.jobs.worker.entry import Entry
from sciportal.jobs.worker.place import Place
from sciportal.jobs.worker.portal import Portal
from sciportal.jobs.worker.processes import Processes
from sciportal.jobs.worker.settings import SLURM, Settings
from sciportal.jobs.worker.slurm import Batch
from sciportal.jobs.worker.worker import Parts, Worker
from sciportal.service.errors import NotPermittedError, ServiceError


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        argv: its arguments without the command's name; the process's by default.
    """
    options = _parser().parse_args(argv)
    return outcome.exit_code("sciportal-worker", lambda: int(options.action(options)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sciportal-worker",
        description="Takes jobs from a portal, has them run here, and brings their results."
        " Exit codes: 0 done, 1 failed, 2 usage, 4 the portal does not answer, 5 not permitted,"
        " 6 busy.",
    )
    parser.add_argument(
        "--settings", type=Path, default=configuration.PATH, help="a file (%(default)s)"
    )
    verbs = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    for name, text, action in (
        ("run", "work until SIGTERM or SIGINT; jobs that run then go on", _run),
        ("settings", "say whether the settings are right, and nothing else", _settings),
        ("check", "say whether the settings are right and the portal knows this worker", _check),
        ("status", "the jobs in the ledger, a line each", _status),
    ):
        made = verbs.add_parser(name, help=text, description=text)
        made.set_defaults(action=action)
    return parser


def _run(options: argparse.Namespace) -> int:
    os.umask(0o077)
    settings = configuration.read(options.settings)
    if os.geteuid() == 0:
        found = "this is root, and jobs are strangers' programs"
        raise NotPermittedError("run jobs of a portal", found, "run it as an account of its own")
    portal = _portal(settings)
    (settings.spool / JOBS).mkdir(mode=0o700, exist_ok=True)
    book = ledger.Ledger(settings.spool)
    programs = script.Programs.in_directory(_programs())
    worker = Worker(
        Parts(
            settings=settings,
            portal=portal,
            ledger=book,
            place=_place(settings),
            script=lambda order, directory: _script(settings, order, directory, programs),
        )
    )

    def stop(_number: int, _frame: FrameType | None) -> None:
        worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    worker.run()
    book.close()
    return 0


def _place(settings: Settings) -> Place:
    def directory(entry: Entry) -> Path:
        return settings.spool / JOBS / entry.key

    if settings.mode == SLURM:
        return Batch(settings.spool, BatchSystem(_environment()), time.monotonic)
    return Processes(directory)


def _environment() -> dict[str, str]:
    """What Slurm's commands, and the jobs that they submit, are to have."""
    who = pwd.getpwuid(os.geteuid())
    made = {"USER": who.pw_name, "LOGNAME": who.pw_name, "HOME": who.pw_dir, "SHELL": who.pw_shell}
    made |= {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
    conf = os.environ.get("SLURM_CONF")
    return {**made, "SLURM_CONF": conf} if conf else made


def _portal(settings: Settings) -> Portal:
    token = configuration.token(settings)
    return Portal(Connection(settings.portal, token, settings.ca_file, settings.timeout_seconds))


def _programs() -> str:
    """Where the programs are that a job's script calls: beside this one."""
    beside = Path(sys.argv[0]).resolve().parent
    if (beside / "sciportal-confine").exists():
        return str(beside)
    found = shutil.which("sciportal-confine")
    if found is None:
        advice = "install the whole package"
        raise ServiceError("run jobs", "there is no sciportal-confine", advice)
    return str(Path(found).resolve().parent)


def _script(settings: Settings, order: Order, directory: Path, programs: script.Programs) -> str:
    return script.batch(order, str(directory), programs, layer=settings.layer)


def _settings(options: argparse.Namespace) -> int:
    configuration.read(options.settings)
    return 0


def _check(options: argparse.Namespace) -> int:
    settings = configuration.read(options.settings)
    _portal(settings).beat(Beat(settings.name))
    print(f"{settings.portal} knows the worker {settings.name}")
    return 0


def _status(options: argparse.Namespace) -> int:
    settings = configuration.read(options.settings)
    for entry in ledger.read(settings.spool / ledger.LEDGER):
        wish = f" ({entry.wish.value})" if entry.wish.value else ""
        print(f"{entry.key} {entry.step.value}{wish} {entry.order.application}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

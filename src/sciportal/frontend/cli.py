"""The command `service-routes`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from sciportal import outcome
from sciportal.frontend import accounts, daemon, declared, health, hosts, routemap, workers
from sciportal.frontend.apache import Apache
from sciportal.frontend.hosts import Host
from sciportal.service import site as sites
from sciportal.service.slurm import Slurm

# More than this is no route map.
_MAP_LIMIT = 1 << 23


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        argv: its arguments without the command's name; the process's by default.
    """
    options = _parser().parse_args(argv)
    return outcome.exit_code("service-routes", lambda: int(options.action(options)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="service-routes", description="Routes from the front end to the services in Slurm."
    )
    parser.add_argument("--config", default=sites.PATH, help="the site's settings (%(default)s)")
    parser.add_argument(
        "--state-dir",
        type=Path,
        default=Path("/var/lib/sciportal-routes"),
        help="directory of the maps (%(default)s)",
    )
    parser.add_argument(
        "--run-dir",
        type=Path,
        default=Path("/run/sciportal-routes"),
        help="directory of the status file (%(default)s)",
    )
    verbs = parser.add_subparsers(title="actions", required=True, metavar="ACTION")

    run = verbs.add_parser("run", help="keep the maps true, until ended")
    run.add_argument(
        "--interval", type=seconds, default=1, help="from query to query (%(default)s s)"
    )
    run.add_argument(
        "--accounts-interval", type=seconds, default=60, help="of the accounts (%(default)s s)"
    )
    run.set_defaults(action=_run)

    status = verbs.add_parser("status", help="exit 0: fine, 1: the routes are stale, 4: unknown")
    status.add_argument(
        "--max-age", type=seconds, default=10, help="older routes are stale (%(default)s s)"
    )
    status.add_argument("--json", action="store_true", help="print one JSON object")
    status.set_defaults(action=_status)

    work = verbs.add_parser("workers", help="declare workers for the routes, and reload Apache")
    limits = workers.Limits()
    work.add_argument(
        "--directory", type=directory, required=True, help="of the files that Apache includes"
    )
    work.add_argument(
        "--host",
        type=host,
        action="append",
        default=[],
        metavar="NAME=WHAT",
        dest="hosts",
        help="a virtual host that includes NAME.conf, and which services it leads to:"
        " _NAME=ACCESS,... or DOMAIN=ACCOUNT:SERVICE",
    )
    work.add_argument(
        "--apachectl", default="apachectl", help="Apache's control program (%(default)s)"
    )
    work.add_argument("--unit", default="apache2.service", help="its unit (%(default)s)")
    work.add_argument("--ttl", type=count, default=1, help="of idle connections (%(default)s s)")
    work.add_argument(
        "--limit", type=count, default=limits.workers, help="workers a host (%(default)s)"
    )
    work.add_argument(
        "--stable", type=seconds, default=limits.stable, help="age of a route (%(default)s s)"
    )
    work.set_defaults(action=_workers)
    return parser


def _run(options: argparse.Namespace) -> int:
    site = sites.load(options.config)
    slurm = Slurm(site.slurm_bin, site.slurm_timeout)
    watcher = daemon.Watcher(
        lambda: slurm.jobs(partitions=[site.partition]), site, options.state_dir, options.run_dir
    )
    daemon.run(
        watcher,
        lambda: accounts.accounts(site.group),
        options.state_dir,
        interval=options.interval,
        accounts_interval=options.accounts_interval,
    )
    return 0


def _status(options: argparse.Namespace) -> int:
    path = options.run_dir / daemon.STATUS
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        text = ""
        print(
            f"service-routes: how the daemon is doing: {path}: {error.strerror};"
            " look at the unit with `systemctl status sciportal-routes`",
            file=sys.stderr,
        )
    found, now = health.parse(text), time.time()
    code = health.judge(found, now, options.max_age)
    if options.json:
        print(text.strip() if found else "{}")
    elif found:
        print(health.report(found, now))
    return code


def _workers(options: argparse.Namespace) -> int:
    with (options.state_dir / daemon.ROUTES).open(encoding="utf-8", errors="replace") as file:
        routes = routemap.parse_routes(file.read(_MAP_LIMIT))
    count = declared.refresh(
        options.directory,
        options.hosts,
        routes,
        Apache(options.apachectl, options.unit),
        now=time.time(),
        limits=workers.Limits(workers=options.limit, stable=options.stable),
        ttl=options.ttl,
    )
    if count is not None:
        print(f"{count} workers declared")
    return 0


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 86400:
        raise argparse.ArgumentTypeError("give a number above 0")
    return value


def count(text: str) -> int:
    value = int(text)
    if not 0 < value < 1_000_000:
        raise argparse.ArgumentTypeError("give a whole number above 0")
    return value


def directory(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute() or '"' in text:
        raise argparse.ArgumentTypeError("give a whole path")
    return path


def host(text: str) -> Host:
    try:
        return hosts.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            "give _NAME=ACCESS,... or DOMAIN=ACCOUNT:SERVICE"
        ) from None

"""The type `apache`: a private web server of one account (seed 000).

Run by /etc/sbatch-service/apache with the stage as its only argument.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence

from sciportal.service import processes, site
from sciportal.service.account import current
from sciportal.service.errors import ServiceError
from sciportal.service.home import Home
from sciportal.service.setup import rotation_of
from sciportal.service.types import stage

CONFIGURATION = "/etc/sciportal/apache/apache2.conf"
SERVER = "/usr/sbin/apache2"
OWN = ".apache-service"

_OPTIONS = """\
# Options of your web server, in Apache's syntax. This file is read before everything else;
# a change takes effect with: sbatch-service restart apache
"""

_README = """\
Files of your web server, the service `apache`.

options.conf  your options; read at each start
log/          access.log and error.log

Your pages lie in ~/public_html. The server runs as a Slurm job under your account:

    sbatch-service start --wait apache
    sbatch-service status apache
    sbatch-service reload apache       after a change of options.conf
    sbatch-service stop apache
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Do one stage and return its exit code; stage `main` does not return."""
    stages = {
        "init": _init,
        "start": _start,
        "stop": _stop,
        "reload": _reload,
        "main": _main,
    }
    return stage.perform("apache", stages, argv)


def _init() -> None:
    home = Home(current().home)
    home.make_directory(OWN)
    home.make_directory(f"{OWN}/log")
    home.make_directory("public_html", 0o755)
    home.make_directory(".logrotate.d", 0o755)
    for name, text in (
        (f"{OWN}/options.conf", _OPTIONS),
        (f"{OWN}/README", _README),
        (f"{OWN}/logrotate", rotation_of(home.path(f"{OWN}/log/*.log"), site.load())),
    ):
        if not home.is_there(name):
            home.write(name, text, 0o644)
    if not home.is_there(".logrotate.d/apache-service-own"):
        home.link(".logrotate.d/apache-service-own", f"../{OWN}/logrotate")
    _test()


def _start() -> None:
    _test()


def _stop() -> None:
    # Requests in flight are finished first; TERM would cut them (httpd.apache.org, "Stopping").
    print("SIGWINCH")


def _reload() -> None:
    _test()
    print("SIGUSR1")


def _main() -> None:
    run = _run_directory()
    environment = {**os.environ, "SCIPORTAL_RUN": run}
    arguments = [SERVER, "-f", CONFIGURATION, "-D", "FOREGROUND"]
    sys.stdout.flush()
    os.execve(SERVER, arguments, environment)  # noqa: S606  (no shell is wanted)


def _run_directory() -> str:
    """A directory of this job alone for sockets, locks and the pid file, on a local disk."""
    name = f"sciportal-apache-{os.getuid()}-"
    place = os.environ.get("SLURM_TMPDIR") or os.environ.get("TMPDIR") or "/tmp"  # noqa: S108
    # One job a service: what earlier jobs of it left here is nobody's any more.
    for entry in os.scandir(place):
        if entry.name.startswith(name) and entry.stat(follow_symlinks=False).st_uid == os.getuid():
            shutil.rmtree(entry.path, ignore_errors=True)
    return tempfile.mkdtemp(prefix=name, dir=place)


def _test() -> None:
    """Let Apache itself judge the configuration, before a running instance is touched.

    Raises:
        ServiceError: with Apache's own message, which names file and line.
    """
    with tempfile.TemporaryDirectory(prefix="sciportal-apache-test-") as run:
        # Stages are told the port only when there is one; for a test any will do.
        environment = {"PORT": "65535", **os.environ, "SCIPORTAL_RUN": run}
        result = processes.run([SERVER, "-f", CONFIGURATION, "-t"], env=environment, timeout=30)
    if not result.ok:
        said = "\n".join(result.err.splitlines()[-5:])
        raise ServiceError(
            "the configuration of apache", said, "mend ~/.apache-service/options.conf"
        )


if __name__ == "__main__":
    sys.exit(main())

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
from sciportal.service.submission import AGAIN
from sciportal.service.types import apache_files, apache_main, stage
from sciportal.service.types.owned import Owned

CONFIGURATION = "/etc/sciportal/apache/apache2.conf"
SERVER = "/usr/sbin/apache2"
OWN = ".apache-service"
_WIDTH = 110


def main(argv: Sequence[str] | None = None) -> int:
    """Do one stage and return its exit code; stage `main` exits with that of Apache."""
    words = sys.argv[1:] if argv is None else list(argv)
    if words[:1] == ["main"]:
        # What comes before Apache runs is not lost, and does not end us.
        apache_main.block()
    stages = {
        "init": _init,
        "start": _start,
        "stop": _stop,
        "reload": _reload,
        "main": _main,
    }
    return stage.perform("apache", stages, words)


def _init() -> None:
    home = _home()
    home.make_directory("public_html", 0o755)
    home.make_directory(".logrotate.d", 0o755)
    owned = Owned(home, OWN, apache_files.EARLIER)
    for name, text in (
        ("options.conf", apache_files.options()),
        ("README", apache_files.readme()),
        ("logrotate", rotation_of(home.path(f"{OWN}/log/*.log"), site.load())),
    ):
        if not owned.renew(name, text):
            print(f"~/{OWN}/{name} is not as init wrote it, and is kept; README has what is new")
    owned.save()
    if not home.is_there(".logrotate.d/apache-service-own"):
        home.link(".logrotate.d/apache-service-own", f"../{OWN}/logrotate")
    _test()


def _start() -> None:
    _test()


def _stop() -> None:
    # What runs is not to go if nothing can follow it.
    if os.environ.get(AGAIN):
        _test()
    # Requests in flight are finished first; TERM would cut them (httpd.apache.org, "Stopping").
    print("SIGWINCH")


def _reload() -> None:
    _test()
    print("SIGUSR1")


def _main() -> None:
    _home().make_directory(f"{OWN}/sessions")
    run = _run_directory()
    environment = {**os.environ, "SCIPORTAL_RUN": run}
    arguments = [SERVER, "-f", CONFIGURATION, "-D", "FOREGROUND"]
    ttl = site.load_anyway(print).connection_ttl
    sys.stdout.flush()
    sys.exit(apache_main.run(arguments, environment, run, ttl))


def _home() -> Home:
    """The account's home, with the directories that Apache wants to see."""
    home = Home(current().home)
    home.make_directory(OWN)
    home.make_directory(f"{OWN}/log")
    return home


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
    _home()
    with tempfile.TemporaryDirectory(prefix="sciportal-apache-test-") as run:
        # Stages are told the port only when there is one; for a test any will do.
        environment = {"PORT": "65535", **os.environ, "SCIPORTAL_RUN": run}
        result = processes.run([SERVER, "-f", CONFIGURATION, "-t"], env=environment, timeout=30)
    if not result.ok:
        raise ServiceError(
            "the configuration of apache",
            f"\n{_readable(result.err)}",
            "mend ~/.apache-service/options.conf",
        )


def _readable(said: str) -> str:
    """Apache's last lines, no longer than the command shows, and a line for each file it names."""
    import re
    import textwrap

    split = re.sub(r"( on line \d+ of [^:\n]+:) +", r"\1\n", said)
    return "\n".join(
        part
        for line in split.splitlines()[-6:]
        for part in textwrap.wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False)
    )


if __name__ == "__main__":
    sys.exit(main())

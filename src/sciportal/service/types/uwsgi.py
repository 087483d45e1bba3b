"""The type `uwsgi`: an application server of one account (seed 000).

Run by /etc/sbatch-service/uwsgi with the stage as its only argument.
"""

from __future__ import annotations

import os
import sys
import tempfile

from sciportal.light import TYPE_CHECKING
from sciportal.service import portfile, processes
from sciportal.service.account import current
from sciportal.service.errors import ServiceError
from sciportal.service.home import Home
from sciportal.service.layout import Layout
from sciportal.service.listening import port_of
from sciportal.service.submission import AGAIN
from sciportal.service.types import ini, stage, uwsgi_app, uwsgi_options
from sciportal.service.types.owned import Owned

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVER = "/usr/bin/uwsgi"
STANDARD = "/etc/sciportal/uwsgi/uwsgi.ini"
# What is loaded before an application of Rack; after what the account requires, such as
# bundler/setup, which says which Rack it is.
RACK = ("--rbrequire", "/etc/sciportal/uwsgi/rack.rb")
LAYOUT = Layout("uwsgi")
APP = f"{LAYOUT.own}/app.ini"
OPTIONS = f"{LAYOUT.own}/options.ini"
PORTS = portfile.path_of(LAYOUT)
README = f"{LAYOUT.own}/README"

_TRIAL_SECONDS = 50
_SHOWN_LINES = 6
# uwsgi takes each UWSGI_* of its environment for an option; these are init's.
_ASKED = ("UWSGI_PLUGIN", "UWSGI_LOCATION")

_README = f"""\
Files of your application server, the service `uwsgi`.

app.ini      your application, and the plugin that runs it; in uwsgi's syntax, yours to extend
ports.ini    the port that the service keeps
options.ini  options beside the site's standard ({STANDARD})

The server runs as a Slurm job under your account and answers at /~USER:uwsgi/.

    sbatch-service start --wait uwsgi
    sbatch-service status uwsgi
    sbatch-service reload uwsgi        after a change of your application; no request is lost
    sbatch-service logs uwsgi
    sbatch-service stop uwsgi

The job has what your ~/.profile sets: rvm, local::lib and the like work from there. A virtual
environment of Python is named in options.ini.

options.ini may say:

{uwsgi_options.table()}"""


def main(argv: Sequence[str] | None = None) -> int:
    """Do one stage and return its exit code; stage `main` does not return."""
    stages = {"init": _init, "start": _start, "stop": _stop, "reload": _reload, "main": _main}
    return stage.perform("uwsgi", stages, argv)


def _init() -> None:
    home = Home(current().home)
    home.make_directory(LAYOUT.own)
    if home.read(README) != _README:
        home.write(README, _README, 0o644)
    owned = Owned(home, LAYOUT.own)
    if not owned.renew("options.ini", uwsgi_options.template(), 0o600):
        print(f"~/{OPTIONS} is not as init wrote it, and is kept; README has what is new")
    owned.save()
    if not home.is_there(APP):
        app = _asked() if sys.stdin.isatty() else uwsgi_app.from_environment(os.environ, APP)
        home.write(APP, uwsgi_app.text(app))
    _keep_port(home)
    command(home)


def _asked() -> uwsgi_app.App:
    # What is printed on stdout is for the command; a person sees stderr.
    def put(text: str) -> None:
        print(text, end="", file=sys.stderr, flush=True)

    return uwsgi_app.ask(put, sys.stdin.readline)


def _start() -> None:
    home = Home(current().home)
    _keep_port(home)
    command(home)


def _stop() -> None:
    # What runs is not to go if nothing can follow it. What is missing, init may still write.
    home = Home(current().home)
    if os.environ.get(AGAIN) and home.is_there(APP):
        _try(command(home))
    # The standard configuration has uwsgi finish the requests in flight.
    print("SIGTERM")


def _reload() -> None:
    home = Home(current().home)
    _try(command(home))
    print("SIGHUP")


def _main() -> None:
    home = Home(current().home)
    port = port_of(os.environ)
    recorded = portfile.load(home, LAYOUT, port)
    if recorded.port != port:
        raise _other_port(home, recorded.port, port)
    words = [*command(home), "--ini", home.path(PORTS)]
    sys.stdout.flush()
    os.execve(SERVER, words, _environment())  # noqa: S606  (no shell is wanted)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _ASKED}


def _keep_port(home: Home) -> None:
    """Write down the port that the command chose, if the file does not say so already."""
    port = port_of(os.environ)
    recorded = portfile.load(home, LAYOUT, port)
    if not port or recorded.port == port:
        return
    # The number apart it is as we write it; the command takes a number of the account's own.
    if recorded.port and home.read(PORTS) != portfile.text(recorded.port):
        raise _other_port(home, recorded.port, port)
    home.write(PORTS, portfile.text(port))


def _other_port(home: Home, recorded: int, port: int) -> ServiceError:
    return ServiceError(
        f"the port in {home.path(PORTS)}",
        f"it is {recorded or 'not there'}, and the job has {port or 'none'}",
        "run: sbatch-service restart uwsgi",
    )


def command(home: Home) -> list[str]:
    """The command line of uwsgi without its socket, after a look at the account's files.

    Raises:
        ServiceError: a file has a mistake, or something that it needs is not there.
    """
    for path, package in ((SERVER, "uwsgi-core"), (STANDARD, "sciportal (role sbatch_service)")):
        if not os.path.exists(path):
            raise ServiceError(
                "uwsgi", f"{path} is not there", f"ask the operators for the package {package}"
            )
    text = home.read(APP)
    if text is None:
        raise ServiceError(
            f"the file {home.path(APP)}", "it is missing", "run: sbatch-service init uwsgi"
        )
    lines = ini.read(text, APP)
    plugins = uwsgi_app.plugins(lines, APP)
    options = uwsgi_options.words(home.read(OPTIONS) or "", OPTIONS)
    early = [word for plugin in plugins for word in ("--plugin", plugin)]
    late = RACK if any(line.key == uwsgi_app.PLUGINS["rack"] for line in lines) else ()
    return [SERVER, *early, "--ini", STANDARD, "--ini", home.path(APP), *options, *late]


def _try(words: Sequence[str]) -> None:
    """Load the application once, beside a running instance, which is not touched.

    Raises:
        ServiceError: it cannot be loaded; with uwsgi's own last lines.
    """
    with tempfile.TemporaryDirectory(prefix="sciportal-uwsgi-") as place:
        trial = [*words, "--socket", f"{place}/socket", "--hook-post-app", "exit:0"]
        result = processes.run(trial, env=_environment(), timeout=_TRIAL_SECONDS)
    if not result.ok:
        said = "\n  ".join((result.err or result.out).splitlines()[-_SHOWN_LINES:])
        raise ServiceError(
            "a trial of your application",
            f"uwsgi cannot load it:\n  {said}\n",
            "mend that; what runs now goes on running",
        )


if __name__ == "__main__":
    sys.exit(main())

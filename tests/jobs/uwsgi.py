"""The portal's pages as the roles have them served: by uwsgi, with their configuration of it."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import yaml

from sciportal.apps import deployment
from sciportal.jobs import settings

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "/usr/bin/uwsgi_python3"
PACKAGES = sysconfig.get_paths()["purelib"]
"""Where Debian's Python, which uwsgi has, finds what the portal imports."""
_PREFIX = "uwsgi_app_"
_WSGI = """import sys
sys.path[:0] = [{library!r}, {packages!r}]
from sciportal.jobs.web.wsgi import application
"""


class Call(NamedTuple):
    """How it is started; options that say where it listens are to be added."""

    argv: list[str]
    environment: dict[str, str]


def prepared(place: Path, library: Path, portal: Path) -> Call:
    """Write what uwsgi reads.

    Args:
        place: an absolute directory for it.
        library: where `sciportal` is.
        portal: the settings of the portal.
    """
    (place / "wsgi.py").write_text(_WSGI.format(library=str(library), packages=PACKAGES))
    ini, stats = place / "app.ini", str(place / "stats")
    ini.write_text(_configuration())
    argv = [PROGRAM, "--ini", str(ini), "--lazy-apps", "--import", str(deployment.GRACEFUL)]
    environment = {
        settings.VARIABLE: str(portal),
        **deployment.ARENAS,
        deployment.SOURCE: str(place),
        deployment.STATS: stats,
    }
    return Call([*argv, "--stats", stats], environment)


def _configuration() -> str:
    """As the role writes it, with the role's defaults."""
    defaults: dict[str, Any] = yaml.safe_load(
        (ROOT / "roles" / "uwsgi_app" / "defaults" / "main.yml").read_text()
    )
    given = {name.removeprefix(_PREFIX): value for name, value in defaults.items()}
    more = {"name": "portal", "path": "/", "location": "wsgi.py", "callable": "application"}
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined)  # noqa: S701
    environment.filters["comment"] = lambda text, *_style, **_more: f"; {text}"
    template = environment.from_string((ROOT / "templates" / "uwsgi" / "app.ini.j2").read_text())
    app = {**given, **more, "virtualenv": "", "env": {}}
    return template.render(app=app, ansible_managed="written by tests") + "\n"

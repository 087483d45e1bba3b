"""Where the parts of an application are."""

from __future__ import annotations

import os
import pwd
import re
from pathlib import Path
from typing import NamedTuple

from sciportal.service.errors import UsageError

STATE = Path("/var/lib/sciportal-apps")
NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?")
RELEASE = re.compile(r"(?!current\Z)[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Place(NamedTuple):
    """The files of one application.

    What is in the home may be shared by several web hosts; what is in `state` is this host's.
    """

    home: Path
    state: Path
    """Made by root for the account, and closed to everybody but Apache's group."""
    name: str

    @property
    def ini(self) -> Path:
        """uwsgi's configuration."""
        return self.home / "private/config" / self.name / "uwsgi.ini"

    @property
    def releases(self) -> Path:
        """The directory that holds a directory for each release."""
        return self.home / "private/apps" / self.name

    @property
    def current(self) -> Path:
        """The link to the release that is served."""
        return self.releases / "current"

    @property
    def socket(self) -> Path:
        """Where Apache connects to."""
        return self.state / "app.sock"

    @property
    def control(self) -> Path:
        """The directory of what only the account may open."""
        return self.state / "control"

    @property
    def stats(self) -> Path:
        """uwsgi's socket of statistics."""
        return self.control / "stats.sock"

    @property
    def fifo(self) -> Path:
        """What uwsgi's master takes orders from."""
        return self.control / "fifo"

    @property
    def loaded(self) -> Path:
        """What the running instance has loaded."""
        return self.control / "loaded.json"


def mine(name: str, state: Path = STATE) -> Place:
    """The application of that name of the account that this process runs as.

    Raises:
        UsageError: that is no name, or root asks.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            "the name of an application", f"{name!r} is none", "use small letters, digits and -"
        )
    if os.geteuid() == 0:
        raise UsageError(f"the application {name}", "root asks", "run this as its account")
    return Place(Path(pwd.getpwuid(os.geteuid()).pw_dir), state / name, name)

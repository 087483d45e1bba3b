"""The seeds' accounts with their virtual environments, workers and jobs."""

from __future__ import annotations

import pwd
from pathlib import Path
from typing import NamedTuple

import host

from confined.place import Place

HERE = Path(__file__).parent


class Seed(NamedTuple):
    """A worker with the names and paths of a seed."""

    account: str
    program: str
    environment: Path
    jobs: Path
    place: Place


def made(account: str, program: str, environment: str, jobs: str) -> Seed:
    """Bring a worker into being, and the directory of its jobs."""
    where, entry = Path(environment), pwd.getpwnam(account)
    host.done(["mkdir", "-p", jobs, str(Path(program).parent)], account)
    text = (HERE / "workerd.py").read_text()
    Path(program).write_text(f"#!{environment}/bin/python\n{text}")
    Path(program).chmod(0o755)
    share = where / "share"
    share.mkdir()
    return Seed(account, program, where, Path(jobs), Place(share, Path(jobs), entry.pw_uid))

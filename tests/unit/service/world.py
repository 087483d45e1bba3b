"""One account with a home of its own on the model of a cluster."""

from __future__ import annotations

import grp
import json
import os
import pwd
from pathlib import Path
from typing import Any

from sciportal.service import lifecycle
from sciportal.service.account import Account
from sciportal.service.home import Home
from sciportal.service.plan import Action
from sciportal.service.result import Result
from sciportal.service.session import Options, Session
from sciportal.service.site import Site
from unit.service.model import Cluster

# Notes each stage it is called for, so that tests see which were.
SCRIPT = '#!/bin/sh\necho "$SERVICE $1 ${PORT-none}" >>"$STAGES"\n'


class World:
    """Home, types and site in a temporary directory; `run` is the command without its words."""

    def __init__(self, place: Path, cluster: Cluster) -> None:
        self.cluster = cluster
        self.home = place / "home"
        self.types = place / "types"
        self.stages_file = place / "stages"
        for each in (self.home, self.types):
            each.mkdir()
        user = pwd.getpwuid(os.getuid())
        self.account = Account(user.pw_name, user.pw_uid, user.pw_gid, str(self.home), "/bin/sh")
        self.site = Site(group=grp.getgrgid(user.pw_gid).gr_name, types_dir=str(self.types))
        cluster.user, cluster.uid = user.pw_name, user.pw_uid

    def write(self, service: str, script: str = SCRIPT, settings: str | None = None) -> Path:
        """Write a custom service, and its settings if there are any."""
        central = self.home / ".sbatch-service"
        central.mkdir(mode=0o700, exist_ok=True)
        path = central / service
        path.write_text(script)
        path.chmod(0o700)
        if settings is not None:
            (central / f"{service}.toml").write_text(settings)
        return path

    def session(self, **options: Any) -> Session:
        return Session(
            account=self.account,
            home=Home(str(self.home)),
            site=self.site,
            slurm=self.cluster,  # type: ignore[arg-type]
            options=Options(**options),
            environ={"PATH": "/usr/bin:/bin", "STAGES": str(self.stages_file)},
            now=self.cluster.now,
            clock=self.cluster.now,
            sleep=self.cluster.sleep,
        )

    def run(self, action: str, *services: str, **options: Any) -> list[Result]:
        return lifecycle.run(self.session(**options), Action(action), services)

    def one(self, action: str, service: str = "web", **options: Any) -> Result:
        return self.run(action, service, **options)[0]

    def live(self, service: str = "web") -> list[int]:
        """The jobs of a service that are not over."""
        return [job.id for job in self.cluster.of(service)]

    def job(self, service: str = "web") -> int:
        """The one job of a service."""
        (number,) = self.live(service)
        return number

    def ledger(self, service: str = "web") -> dict[str, Any]:
        return json.loads((self.home / ".sbatch-service/.state" / f"{service}.json").read_text())

    def stages(self) -> list[str]:
        """The stages that were called, as `SERVICE STAGE PORT`."""
        return self.stages_file.read_text().splitlines() if self.stages_file.exists() else []

    def files(self) -> list[str]:
        """Everything in the home, sorted."""
        return sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*"))

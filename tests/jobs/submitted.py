"""Jobs of shipped applications as the keeper would have them, on the tests' own Slurm."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from batch.own_slurm import OwnSlurm, wait_for
from batch.sent import send
from sciportal.jobs.accounts.account_map import AccountMap
from sciportal.jobs.accounts.client import Helper
from sciportal.jobs.descriptors import orders, parameters
from sciportal.jobs.descriptors.document import Descriptor
from sciportal.jobs.order import InputFile, Limits, Order
from sciportal.jobs.queue.backend import Attempt, Phase, Sight
from sciportal.jobs.queue.slurm import SlurmBackend
from sciportal.service.slurm import Slurm

_NUMBERS = itertools.count(500_000)


class Submitted:
    """A job of alice's.

    Args:
        cluster: where it runs.
        root: for its inputs and results.
        application: what runs.
        values: of its parameters.
        files: its inputs, by name.
    """

    def __init__(
        self,
        cluster: OwnSlurm,
        root: Path,
        application: Descriptor,
        values: Mapping[str, Any],
        files: Mapping[str, bytes],
    ) -> None:
        home = cluster.home("alice")
        cluster.set_accounts(f'[[account]]\nuser = "alice"\naccount = "alice"\nhome = "{home}"\n')
        words = cluster.words(["sciportal-submit"])
        helper = Helper(lambda: AccountMap.read(str(cluster.accounts)), words)
        self.backend = SlurmBackend(helper, Slurm(environ={"SLURM_CONF": str(cluster.conf)}))
        inputs = root / "inputs"
        inputs.mkdir()
        for name, data in files.items():
            (inputs / name).write_bytes(data)
        given = [
            InputFile(name, len(data), hashlib.sha256(data).hexdigest())
            for name, data in files.items()
        ]
        checked = parameters.check(application, dict(values))
        place = orders.Place("alice", "alice", "")
        streams = {name: io.BytesIO(data) for name, data in files.items()}
        made = orders.make(application, "", checked, given, place, Limits(), streams)
        self.order: Order = made.at(next(_NUMBERS), 1)
        self.directory = home / "sciportal-jobs" / f"{self.order.job}.1"
        self.results = root / "results"
        self.batch = send(self.backend, self.order, inputs)

    def wait(self, seconds: float) -> Sight:
        """Wait until it has ended, and copy what it made."""
        attempt = Attempt.of(self.order)
        seen: list[Sight] = []

        def is_over() -> bool:
            sight = self.backend.look([self.order])[attempt]
            assert isinstance(sight, Sight), sight
            seen.append(sight)
            return sight.phase in (Phase.ENDED, Phase.ABSENT)

        wait_for(is_over, seconds)
        self.results.mkdir()
        self.collected = self.backend.collect(self.order, self.results)
        return seen[-1]

    def text(self, name: str) -> str:
        """A result."""
        return (self.results / name).read_text()

    def json(self, name: str) -> Any:
        """A result that is JSON."""
        return json.loads(self.text(name))

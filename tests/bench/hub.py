"""Times JupyterHub's batchspawner and sbatch-service at the same work on the same Slurm.

Run on the login host as the account, by a Python that has jupyterhub and batchspawner.
usage: hub.py ROUNDS PORT SERVICE      (SERVICE is set up and serves the same program)

The spawner is driven as the hub drives it, but without a hub around it: no proxy, no database on
a disk, no check of the server by HTTP. The port, which its wrapper reports to the hub from the
node, it is told at once. All of that is in its favour.
"""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import time
from collections.abc import Awaitable
from typing import Any

from batchspawner import SlurmSpawner
from jupyterhub import orm
from jupyterhub.objects import Hub, Server
from jupyterhub.user import User

JOB = "benchhub-service"
# As it ships, but for a name that the scheduler's rules let pass.
SCRIPT = SlurmSpawner.batch_script.default_value.replace("spawner-jupyterhub", JOB)


class Spawner(SlurmSpawner):
    """The spawner with a plain web server in place of Jupyter's."""

    def cmd_formatted_for_batch(self) -> str:
        """The program of the job."""
        return " ".join(self.cmd)


def spawner(port: int) -> Any:
    """A spawner for the account that runs this."""
    import getpass

    db = orm.new_session_factory("sqlite:///:memory:")()
    account = orm.User(name=getpass.getuser())
    db.add(account)
    db.commit()
    user = User(account, {})
    made = user._new_spawner(
        "",
        spawner_class=Spawner,
        hub=Hub(),
        cmd=["python3", "-m", "http.server", str(port)],
        batch_script=SCRIPT,
        # It is the account already; a real hub adds sudo to each command.
        exec_prefix="",
        req_partition="service-pool",
        req_memory="512M",
        req_nprocs="1",
        # A step of a job needs more of a container than the test cluster's nodes give.
        req_srun="",
    )
    made.server = Server()
    made.log.setLevel(logging.ERROR)
    return made


async def timed(work: Awaitable[Any]) -> float:
    """The seconds that something takes."""
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


async def start(made: Any, port: int) -> None:
    """Start, until the port accepts a connection."""
    starting = asyncio.create_task(made.start())
    # It forgets its port first of all.
    await asyncio.sleep(0)
    made.port = port
    host, _ = await starting
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


async def stop(made: Any) -> None:
    """Stop, until no job of it is left."""
    await made.stop()
    while run(["squeue", "-h", "-t", "PD,R,CG", "-n", JOB, "-o", "%A"]).strip():
        await asyncio.sleep(0.02)


def run(argv: list[str]) -> str:
    """What a command that succeeds prints."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


async def ours(*words: str) -> None:
    """The command, as a person calls it."""
    process = await asyncio.create_subprocess_exec(
        "sbatch-service", *words, stdout=asyncio.subprocess.DEVNULL
    )
    if await process.wait():
        sys.exit(f"sbatch-service {' '.join(words)} failed")


async def measure(rounds: int, port: int, service: str) -> dict[str, dict[str, list[float]]]:
    """The seconds of each side at each of its works."""
    works = ("start", "status", "stop")
    times: dict[str, dict[str, list[float]]] = {
        side: {work: [] for work in works} for side in ("ours", "batchspawner")
    }
    for _ in range(rounds):
        made = spawner(port)
        theirs = {"start": start(made, port), "status": made.poll(), "stop": stop(made)}
        mine = {
            "start": ours("start", "--wait", service),
            "status": ours("status", service),
            "stop": ours("stop", service),
        }
        for side, deeds in (("batchspawner", theirs), ("ours", mine)):
            for work in works:
                times[side][work].append(await timed(deeds[work]))
                # A process takes its signal only when it is up; and a name is refused for 2 s.
                if work == "status":
                    await asyncio.sleep(2)
    return times


if __name__ == "__main__":
    found = asyncio.run(measure(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
    json.dump(found, sys.stdout)

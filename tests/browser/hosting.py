"""A portal that shows services: the real `sbatch-service` on a Slurm of the tests' own."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from batch import own_slurm
from batch.own_slurm import PYTHON, OwnSlurm
from batch.slurm_conf import NODES
from browser.site import Whole
from sciportal.service.site import Site

OWNER = "alice"
OTHER = "bob"
"""Who may not have services."""
URL = "https://www.example.org"
_LOWEST, _HIGHEST = Site().port_min, Site().port_max


class Hosting(NamedTuple):
    """The portal and the cluster whose services it shows."""

    whole: Whole
    cluster: OwnSlurm

    def give(self, service: str, commands: str, settings: str) -> None:
        """Write a service of the owner's.

        Args:
            service: its name.
            commands: the text of its executable, below the first line.
            settings: of its SERVICE.toml.
        """
        directory = self.cluster.home(OWNER) / ".sbatch-service"
        write = 'mkdir -p "$1" && cat >"$1/$2" && chmod 755 "$1/$2"'
        texts = {service: f"#!/bin/sh\n{commands}", f"{service}.toml": settings}
        for name, text in texts.items():
            words = ("sh", "-c", write, "sh", str(directory), name)
            ended = self.cluster.run(*words, user=OWNER, stdin=text)
            assert ended.returncode == 0, ended

    def command(self, *words: str) -> None:
        """Have the owner call `sbatch-service`."""
        self.cluster.check("sbatch-service", *words, user=OWNER)

    def jobs(self, service: str) -> list[str]:
        """The numbers of the jobs of a service that Slurm has not seen end."""
        queued = ("squeue", "-h", "-u", OWNER, "-n", f"{service}-service", "-o", "%i")
        return self.cluster.check(*queued).split()

    def files(self) -> dict[str, bytes]:
        """What the owner wrote of services."""
        directory = self.cluster.home(OWNER) / ".sbatch-service"
        return {each.name: each.read_bytes() for each in directory.iterdir() if each.is_file()}

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """A time in which Slurm takes no jobs of services; what runs goes on."""
        partition = f"partitionname={Site().partition}"
        self.cluster.check("scontrol", "update", partition, "state=DRAIN")
        try:
            yield
        finally:
            self.cluster.check("scontrol", "update", partition, "state=UP")


@contextmanager
def made(root: Path) -> Iterator[Hosting]:
    """One, without services.

    Args:
        root: an empty directory for the portal.
    """
    with own_slurm.made() as cluster:
        site = Site()
        with (cluster.root / "etc" / "group").open("a") as groups:
            groups.write(f"{site.group}:x:61900:{OWNER}\n")
        nodes = f"nodes={','.join(NODES)}"
        cluster.check("scontrol", "create", f"partitionname={site.partition}", nodes)
        _install(cluster)
        cluster.set_accounts(
            "".join(
                f'[[account]]\nuser = "{each}"\naccount = "{each}"\nhome = "{cluster.home(each)}"\n'
                for each in (OWNER, OTHER)
            )
        )
        helper = tuple(cluster.words(["sciportal-submit"]))
        settings = {"services": True, "services_url": URL, "accounts": cluster.accounts}
        with Whole(root, helper=helper, **settings) as whole:
            yield Hosting(whole, cluster)


def _install(cluster: OwnSlurm) -> None:
    """Make the command with a Python that knows it, by which it calls itself in jobs."""
    environment = cluster.prefix / "environment"
    python = environment / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.symlink_to(PYTHON)
    (environment / "pyvenv.cfg").write_text(f"home = {Path(PYTHON).parent}\n")
    ask = "import site; print(site.getsitepackages()[0])"
    packages = Path(cluster.check(str(python), "-c", ask).strip())
    packages.parent.mkdir(parents=True)
    packages.symlink_to(cluster.library)
    program = cluster.prefix / "bin" / "sbatch-service"
    call = "import sys\nfrom sciportal.service.command import main\nsys.exit(main())\n"
    program.write_text(f"#!{python} -IB\n{call}")
    # Where the helper looks for it. Only the namespace of the cluster has this.
    cluster.check("mount", "--bind", str(program.parent), "/usr/local/bin")


def free_port() -> int:
    """A port of services at which nobody on this machine listens."""
    while True:
        port = random.randint(_LOWEST, _HIGHEST)  # noqa: S311  # nothing is kept secret by it
        try:
            with socket.create_server(("", port)):
                return port
        except OSError:
            continue

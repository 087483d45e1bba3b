"""The shipped applications, and a cluster whose nodes have what they run."""

from __future__ import annotations

import subprocess
from importlib import resources
from pathlib import Path

import pytest

from batch.own_slurm import OwnSlurm
from sciportal.jobs.descriptors.catalogue import Catalogue
from sciportal.jobs.descriptors.document import Descriptor

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session")
def shipped() -> dict[str, Descriptor]:
    """All of them by name."""
    with resources.as_file(resources.files("sciportal.jobs.shipped")) as directory:
        catalogue = Catalogue([Path(directory)])
        assert catalogue.mistakes() == ()
        return dict(catalogue.applications())


@pytest.fixture(scope="session")
def laboratory(own_slurm: OwnSlurm) -> OwnSlurm:
    """A cluster that has Bumps and Refl1D at /opt/science, as `tools/science` made them."""
    tool = str(ROOT / "tools" / "science")
    subprocess.run([tool], check=True, timeout=900, stdin=subprocess.DEVNULL)
    place = subprocess.run([tool, "--place"], check=True, capture_output=True, text=True).stdout
    # Only in the namespace of the cluster, whatever this machine has in /opt.
    mounts = 'mount -t tmpfs -o mode=755 none /opt && mkdir /opt/science && mount --bind "$1" "$2"'
    own_slurm.check("sh", "-c", mounts, "sh", place.strip(), "/opt/science")
    return own_slurm

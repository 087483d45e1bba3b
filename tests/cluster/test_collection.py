"""The collection as others get it: built, installed elsewhere, run from an empty directory."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cluster.testbed import ROOT, Cluster

# With the tests that change the configuration of a host for a moment.
pytestmark = pytest.mark.apache

INVENTORY = ROOT / "molecule" / "inventory" / "hosts.yml"


def run(argv: Sequence[str], directory: Path, collections: Path) -> str:
    """Run `argv` in `directory` with no settings of the checkout; return what it printed."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")
    }
    environment |= {
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_INJECT_FACT_VARS": "false",
        "ANSIBLE_NOCOLOR": "1",
    }
    done = subprocess.run(
        argv, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built collection."""
    target = tmp_path_factory.mktemp("tarball")
    run(["ansible-galaxy", "collection", "build", "--output-path", str(target)], ROOT, target)
    (built,) = target.glob("sciportal-hosting-*.tar.gz")
    return built


def test_the_tarball_carries_what_it_installs_and_no_more(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = {name.removeprefix("./").split("/")[0] for name in archive.getnames()} - {""}
    assert {"src", "build_backend", "pyproject.toml", "templates", "roles", "plugins"} <= names
    assert {"playbooks", "meta", "LICENSE", "README.md", "CHANGELOG.md"} <= names
    unwanted = {".git", ".cache", ".venv", "tests", "molecule", "tools", "Makefile"}
    assert not names & unwanted


@pytest.fixture(scope="module")
def installed(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the collection is installed, by somebody else: nobody may write there."""
    collections = tmp_path_factory.mktemp("collections")
    install = ["ansible-galaxy", "collection", "install", "--offline", str(tarball)]
    run([*install, "--collections-path", str(collections)], collections, collections)
    for path in [collections, *collections.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    yield collections
    for path in [collections, *collections.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o700)


@pytest.mark.parametrize(
    "playbook",
    # The whole site is molecule's business as well, from the checkout.
    ["status", pytest.param("site", marks=pytest.mark.long)],
)
def test_installed_elsewhere_it_finds_the_same_cluster_from_an_empty_directory(
    cluster: Cluster, installed: Path, tmp_path: Path, playbook: str
) -> None:
    argv = ["ansible-playbook", "-i", str(INVENTORY), f"sciportal.hosting.{playbook}"]
    told = run(argv, tmp_path, installed)
    changed = re.findall(r"^sciportal-\S+ +: .*changed=(\d+)", told, re.MULTILINE)
    assert changed, told[-4000:]
    assert set(changed) == {"0"}, told[-4000:]
    assert not list(tmp_path.iterdir())

"""The collection as others get it: built, installed elsewhere, run from an empty directory."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from collections.abc import Sequence
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


def test_installed_elsewhere_it_finds_the_same_cluster_from_an_empty_directory(
    cluster: Cluster, tarball: Path, tmp_path: Path
) -> None:
    collections, empty = tmp_path / "collections", tmp_path / "empty"
    empty.mkdir()
    install = ["ansible-galaxy", "collection", "install", "--offline", str(tarball)]
    run([*install, "--collections-path", str(collections)], empty, collections)
    # An operator's installed collection may belong to somebody else.
    for path in [collections, *collections.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        site = ["ansible-playbook", "-i", str(INVENTORY), "sciportal.hosting.site"]
        recap = run(site, empty, collections)
        assert re.findall(r"changed=(\d+)", recap) == ["0"] * 4, recap[-4000:]
        assert not list(empty.iterdir())
    finally:
        for path in [collections, *collections.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o700)

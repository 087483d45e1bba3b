"""Fixtures of the tests on the running cluster."""

from __future__ import annotations

import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cluster import wsgi
from cluster.doors import Doors
from cluster.jobs import Client, program
from cluster.testbed import CTL, ECHO, PODMAN, PREFIX, ROOT, WEB, Cluster, Service, wait_for

if TYPE_CHECKING:
    from cluster.browser import Chromium


@pytest.fixture
def service(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Service]:
    """A service of alice that nobody used before; it is purged afterwards."""
    number = zlib.crc32(request.node.nodeid.encode())
    made = Service(cluster, f"t{number:x}")
    yield made
    cluster.run(CTL, ["scancel", "-u", made.user, "-n", f"{made.name}-service"])
    made("purge", "--yes", "--no-archive")


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster that `make cluster` made."""
    return Cluster()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Headless Chromium."""
    # What drives it is loaded only where it is used.
    from cluster import browser

    with browser.started() as made:
        yield made


@pytest.fixture(scope="session")
def science() -> Path:
    """What the shipped applications of the portal run, which nodes have at /opt/science."""
    subprocess.run([ROOT / "tools" / "science"], check=True)
    return Path("/opt/science")


@pytest.fixture(scope="module")
def alice(cluster: Cluster) -> Iterator[Client]:
    """A program of alice's at the job portal."""
    yield program(Doors(), "alice")
    cluster.run(WEB, ["/opt/sciportal/bin/sciportal-identity", "revoke", "--account", "alice"])


@pytest.fixture(scope="session")
def remote() -> str:
    """The host of the cluster that fetches jobs from the portal."""
    host = f"{PREFIX}-remote"
    if subprocess.run([PODMAN, "container", "exists", host], check=False).returncode:
        pytest.skip("molecule's scenario `jobs` makes the remote cluster")
    return host


@pytest.fixture(scope="module")
def echo(cluster: Cluster) -> Iterator[str]:
    """The path of a public service of bob that tells what it got."""
    service = Service(cluster, "echo", "bob")
    service.script(ECHO)
    service.settings('access = "public"\n')
    service("deploy", "--wait")
    wait_for(lambda: cluster.get("/~bob:echo/").status == 200, 5)
    yield "/~bob:echo"
    service("purge", "--yes", "--no-archive")


@pytest.fixture(scope="session")
def web_applications(cluster: Cluster) -> Iterator[None]:
    """Applications on the web host."""
    with wsgi.served(cluster):
        yield

"""Fixtures: homes, stand-ins for Slurm's programs, and a model of a cluster."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

from sciportal.service.home import Home
from sciportal.service.slurm import Slurm
from unit.service.commands import Programs
from unit.service.model import Cluster
from unit.service.world import World

# No deadline: the machine may be busy. No database: nothing is to be left in the checkout.
hypothesis.settings.register_profile("service", deadline=None, database=None, max_examples=60)
hypothesis.settings.load_profile("service")


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def world(tmp_path, cluster) -> World:
    return World(tmp_path, cluster)


@pytest.fixture
def web(world) -> World:
    """An account with the service `web`, which was never started."""
    world.write("web")
    return world


@pytest.fixture
def running(world) -> World:
    """An account whose service `web` has run for a while."""
    world.write("web")
    world.one("start")
    world.cluster.sleep(10)
    return world


@pytest.fixture
def root(tmp_path) -> Path:
    """The directory that is the home."""
    place = tmp_path / "home"
    place.mkdir()
    return place


@pytest.fixture
def outside(tmp_path) -> Path:
    """A directory beside the home."""
    place = tmp_path / "outside"
    place.mkdir()
    return place


@pytest.fixture
def home(root) -> Home:
    return Home(str(root))


@pytest.fixture
def programs(tmp_path) -> Programs:
    """A directory for Slurm's programs."""
    return Programs(tmp_path / "bin")


@pytest.fixture
def slurm(programs) -> Slurm:
    """Slurm as those programs tell it."""
    return Slurm(str(programs.place), timeout=10, environ={})

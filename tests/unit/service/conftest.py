"""Fixtures: a home, a site and a model of a cluster for the sessions of the tests."""

from __future__ import annotations

import hypothesis
import pytest

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

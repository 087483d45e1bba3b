"""The workers of the seeds, each made once."""

from __future__ import annotations

import pytest
from seeds import Seed, made


@pytest.fixture(scope="session")
def bumps() -> Seed:
    """Seed 001."""
    return made(
        "bumps",
        "/home/bumps/bumpsenv/bin/bumpworkd",
        "/home/bumps/bumpsenv",
        "/home/bumps/.bumpserve/worker",
    )


@pytest.fixture(scope="session")
def reflectometry() -> Seed:
    """Seed 003, whose worker lies beside its virtual environment; with a slot a job."""
    return made(
        "reflectometry",
        "/home/reflectometry/reflenv/bin/reflworkerd",
        "/home/reflectometry/reflserv",
        "/home/reflectometry/reflserv/tmp",
    )

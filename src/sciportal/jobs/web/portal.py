"""The parts that answering a request needs."""

from __future__ import annotations

from typing import Any, NamedTuple

from sciportal.jobs.settings import Settings


class Portal(NamedTuple):
    """What a site's portal is made of."""

    settings: Settings
    store: Any
    files: Any
    catalogue: Any
    secret: bytes
